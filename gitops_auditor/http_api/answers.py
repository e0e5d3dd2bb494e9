"""The result of an operation as a response: its status, Location and ETag."""

from urllib.parse import quote

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Scope

from gitops_auditor.operations import Operation

UNFINISHED = frozenset({"pending", "running"})


def result_answer(operation: Operation, scope: Scope, result: BaseModel) -> Response:
    """The result as JSON; 304 without it when the caller has this version already."""
    headers = {}
    tag = _entity_tag(result)
    if tag is not None:
        headers["ETag"] = tag
        if operation.method == "GET" and _is_whole(result) and _has(scope, tag):
            return Response(status_code=304, headers=headers)
    status = _status(operation, result)
    if status in {201, 202}:
        headers["Location"] = _location(operation, scope, result)
    return Response(
        result.model_dump_json(), status, headers=headers, media_type="application/json"
    )


def _status(operation: Operation, result: BaseModel) -> int:
    if not operation.available(result):
        return 503
    if operation.long and getattr(result, "status", None) not in UNFINISHED:
        return 200
    return operation.status


def _location(operation: Operation, scope: Scope, result: BaseModel) -> str:
    identity = quote(str(getattr(result, "id", "")), safe="/")
    return f"{operation.location or scope['path'].rstrip('/')}/{identity}"


def _entity_tag(result: BaseModel) -> str | None:
    version = getattr(result, "version", None)
    return f'"{version}"' if isinstance(version, int) else None


def _is_whole(result: BaseModel) -> bool:
    """Whether everything in the result belongs to its version."""
    return not getattr(result, "changes_within_version", False)


def _has(scope: Scope, tag: str) -> bool:
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            tags = {part.strip().removeprefix("W/") for part in value.decode("latin-1").split(",")}
            return tag in tags or "*" in tags
    return False
