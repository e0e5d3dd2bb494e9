"""From an HTTP request to the arguments of an operation, which checks their types itself."""

import json
import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin
from urllib.parse import parse_qsl

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope

from gitops_auditor.errors import InvalidRequest, MalformedRequest
from gitops_auditor.operations import Operation

EXPECTED_VERSION = "expected_version"
"""The parameter that an If-Match header sets, where an operation has it."""

ENTITY_TAG = '"(?P<version>[1-9][0-9]{0,8})"'
"""A version as ETag and If-Match show it."""

MOST_QUERY_FIELDS = 100


class ArgumentReader:
    """Reads the arguments of one operation out of requests."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._lists = _list_parameters(operation.params)
        self._versioned = EXPECTED_VERSION in operation.params.model_fields
        self._in_body = operation.method in {"POST", "PUT"}

    async def read(
        self, scope: Scope, receive: Receive, in_path: Mapping[str, str]
    ) -> dict[str, Any]:
        """Path, query or body, and If-Match as one mapping.

        Raises MalformedRequest for a body that is not a JSON object, InvalidRequest for a parameter
        in the wrong place, HTTPException 415 for a body of another media type.
        """
        arguments = await self._body(scope, receive) if self._in_body else self._query(scope)
        if misplaced := [name for name in in_path if name in arguments]:
            raise InvalidRequest(
                f"{misplaced[0]} belongs into the path only.", hint="Leave it out elsewhere."
            )
        arguments.update(in_path)
        if self._versioned and (expected := _if_match(scope)) is not None:
            arguments[EXPECTED_VERSION] = expected
        return arguments

    def _query(self, scope: Scope) -> dict[str, Any]:
        given = scope["query_string"]
        if not given:
            return {}
        arguments: dict[str, Any] = {}
        for name, value in _fields(given):
            if name in self._lists:
                listed = arguments.setdefault(name, [])
                listed += [part for part in value.split(",") if part]
            elif name in arguments:
                raise InvalidRequest(f"{name} is given more than once.", hint="Give it once.")
            else:
                arguments[name] = value
        return arguments

    async def _body(self, scope: Scope, receive: Receive) -> dict[str, Any]:
        if scope["query_string"]:
            raise InvalidRequest(
                f"{self._operation.name} takes no query string.",
                hint="Send its parameters as a JSON body.",
            )
        request = Request(scope, receive)
        content = await request.body()
        if not content:
            return {}
        media_type = request.headers.get("content-type", "application/json").partition(";")[0]
        if media_type.strip().lower() != "application/json":
            raise HTTPException(415)
        return _json_object(content)


def _list_parameters(params: type[BaseModel]) -> frozenset[str]:
    def takes_list(annotation: Any) -> bool:
        return get_origin(annotation) in {list, tuple} or any(map(takes_list, get_args(annotation)))

    fields = params.model_fields.items()
    return frozenset(name for name, field in fields if takes_list(field.annotation))


def _fields(query: bytes) -> list[tuple[str, str]]:
    try:
        text = query.decode("ascii")
        return parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=MOST_QUERY_FIELDS
        )
    except ValueError:
        raise MalformedRequest(
            "The query string cannot be read.",
            hint=f"Send at most {MOST_QUERY_FIELDS} fields, percent-encoded in UTF-8.",
        ) from None


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest(_where(error), hint="Send one JSON object.") from None
    if not isinstance(parsed, dict):
        raise MalformedRequest("The body is not a JSON object.", hint="Send one JSON object.")
    return parsed


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}."
    return "The body is not JSON in UTF-8, or it is nested too deeply."


def _if_match(scope: Scope) -> str | None:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    given = [value.decode("latin-1").strip() for name, value in headers if name == b"if-match"]
    if not given or given == ["*"]:
        return None
    tag = re.fullmatch(ENTITY_TAG, given[0]) if len(given) == 1 else None
    if tag is None:
        raise InvalidRequest(
            "If-Match is not an ETag of this API.", hint='Send the ETag that was read, such as "3".'
        )
    return tag["version"]
