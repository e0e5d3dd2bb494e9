"""From an HTTP request to the arguments of an operation, which checks their types itself."""

import json
from typing import Any, get_origin

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gitops_auditor.errors import InvalidRequest, MalformedRequest
from gitops_auditor.operations import Operation

EXPECTED_VERSION = "expected_version"
"""The parameter that an If-Match header sets, where an operation has it."""


async def arguments_of(operation: Operation, request: Request) -> dict[str, Any]:
    """Path, query or body, and If-Match as one mapping.

    Raises MalformedRequest for a body that is not a JSON object, InvalidRequest for a query string
    where a body is expected, HTTPException 415 for a body of another media type.
    """
    if operation.method in {"GET", "DELETE"}:
        arguments = _from_query(operation, request)
    else:
        arguments = await _from_body(operation, request)
    arguments.update(request.path_params)
    _take_if_match(operation, request, arguments)
    return arguments


def _from_query(operation: Operation, request: Request) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        if _takes_list(operation, name):
            arguments[name] = [part for value in values for part in value.split(",") if part]
        elif len(values) > 1:
            raise InvalidRequest(f"{name} is given {len(values)} times.", hint="Give it once.")
        else:
            arguments[name] = values[0]
    return arguments


def _takes_list(operation: Operation, name: str) -> bool:
    field = operation.params.model_fields.get(name)
    return field is not None and get_origin(field.annotation) in {list, tuple}


async def _from_body(operation: Operation, request: Request) -> dict[str, Any]:
    if request.query_params:
        raise InvalidRequest(
            f"{operation.name} takes no query string.", hint="Send its parameters as a JSON body."
        )
    content = await request.body()
    if not content:
        return {}
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if media_type.lower() != "application/json":
        raise HTTPException(415)
    return _json_object(content)


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


def _take_if_match(operation: Operation, request: Request, arguments: dict[str, Any]) -> None:
    given = request.headers.get("if-match")
    if given is None or EXPECTED_VERSION not in operation.params.model_fields:
        return
    if given.strip() != "*":
        arguments[EXPECTED_VERSION] = given.strip().removeprefix("W/").strip('"')
