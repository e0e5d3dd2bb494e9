"""One route per operation, in the order that lets literal paths win over parameters."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gitops_auditor.http_api.arguments import arguments_of
from gitops_auditor.http_api.auth import principal_of
from gitops_auditor.http_api.errors import request_id_of
from gitops_auditor.http_api.rates import RateLimits
from gitops_auditor.operations import Call, Operation, OperationCatalog
from gitops_auditor.services import Services

UNFINISHED = {"pending", "running"}
PREFIX = "/api"
ALIAS = "/api/v2"


def operation_routes(
    catalog: OperationCatalog, services: Services, rates: RateLimits
) -> list[Route]:
    """Routes of every operation, under /api and under its alias /api/v2."""
    ordered = sorted(catalog.operations, key=lambda found: _specificity(found.path))
    return [
        *_under(PREFIX, ordered, catalog, services, rates),
        *_under(ALIAS, ordered, catalog, services, rates),
    ]


def _under(
    prefix: str,
    operations: Iterable[Operation],
    catalog: OperationCatalog,
    services: Services,
    rates: RateLimits,
) -> Iterable[Route]:
    for operation in operations:
        path = prefix + operation.path.removeprefix(PREFIX)
        endpoint = _endpoint(operation, catalog, services, rates)
        yield Route(path, endpoint, methods=[operation.method], name=f"{prefix}:{operation.name}")


def _specificity(path: str) -> tuple[int, int, str]:
    return (path.count(":path}"), path.count("{"), path)


def _endpoint(
    operation: Operation, catalog: OperationCatalog, services: Services, rates: RateLimits
) -> Any:
    async def endpoint(request: Request) -> Response:
        principal = principal_of(request)
        await rates.hit(principal, operation)
        arguments = await arguments_of(operation, request)
        call = Call(operation.name, arguments, principal, request_id_of(request))
        return respond(operation, request, await catalog.call(services, call))

    return endpoint


def respond(operation: Operation, request: Request, result: BaseModel) -> Response:
    """The result as JSON, with the status, Location and ETag that belong to it."""
    headers = {}
    if (tag := _entity_tag(result)) is not None:
        headers["ETag"] = tag
        if operation.method == "GET" and _matches(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
    status = _status(operation, result)
    if status in {201, 202}:
        headers["Location"] = _location(operation, request, result)
    return Response(
        result.model_dump_json(), status, headers=headers, media_type="application/json"
    )


def _status(operation: Operation, result: BaseModel) -> int:
    if not operation.available(result):
        return 503
    if operation.long and getattr(result, "status", None) not in UNFINISHED:
        return 200
    return operation.status


def _location(operation: Operation, request: Request, result: BaseModel) -> str:
    identity = getattr(result, "id", "")
    base = f"{PREFIX}/work" if operation.long else request.url.path.rstrip("/")
    return f"{base}/{identity}"


def _entity_tag(result: BaseModel) -> str | None:
    version = getattr(result, "version", None)
    return f'"{version}"' if isinstance(version, int) else None


def _matches(header: str | None, tag: str) -> bool:
    given = {part.strip().removeprefix("W/") for part in (header or "").split(",")}
    return tag in given or "*" in given
