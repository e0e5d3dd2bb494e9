"""How failures look over HTTP: one body, and one table from error code to status."""

import uuid
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from gitops_auditor.errors import GitOpsError, JsonValue, RateLimited, Unauthenticated

STATUS: Mapping[str, int] = {
    "malformed_request": 400,
    "invalid_request": 422,
    "invalid_setting": 500,
    "not_found": 404,
    "conflict": 409,
    "stale": 412,
    "unauthenticated": 401,
    "forbidden": 403,
    "too_large": 413,
    "rate_limited": 429,
    "unavailable": 503,
    "timed_out": 504,
    "refused": 403,
    "cancelled": 409,
}
"""Code of a GitOpsError to HTTP status (RFC 9110 section 15, RFC 6585 section 4)."""

OWN_CODES: Mapping[int, tuple[str, str]] = {
    404: ("not_found", "There is nothing at this address; /api/openapi.json lists what there is."),
    405: ("method_not_allowed", "This address does not take this method; see the Allow header."),
    415: ("unsupported_media_type", "The body must be application/json."),
}
"""Code and sentence for what HTTP itself refuses, before an operation is known."""


def request_id_of(scope: Scope) -> str:
    """The id of this request, which error bodies and logs share."""
    state = scope.setdefault("state", {})
    known: str = state.setdefault("request_id", uuid.uuid4().hex)
    return known


def error_body(
    code: str, message: str, request_id: str, details: Mapping[str, JsonValue] | None = None
) -> dict[str, JsonValue]:
    """The one error body: {error, code, details, request_id}."""
    return {
        "error": message,
        "code": code,
        "details": dict(details or {}),
        "request_id": request_id,
    }


def answer_failure(scope: Scope, error: GitOpsError) -> Response:
    """The answer to an expected failure."""
    return answer(scope, STATUS[error.code], error.code, str(error), error.details, _headers(error))


def answer(
    scope: Scope,
    status: int,
    code: str,
    sentence: str,
    details: Mapping[str, JsonValue] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer with the one error body."""
    body = error_body(code, sentence, request_id_of(scope), details)
    return JSONResponse(body, status, headers=headers)


async def refuse(error: GitOpsError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a failure to an HTTP request, or to the handshake of a WebSocket."""
    # Starlette prefixes the messages of a response to a handshake by the type of its scope.
    await answer_failure(scope, error)(scope, receive, send)


async def answer_expected(request: Request, error: Exception) -> Response:
    """Starlette's handler for our own family of errors."""
    if not isinstance(error, GitOpsError):
        raise error
    return answer_failure(request.scope, error)


async def answer_http(request: Request, error: Exception) -> Response:
    """Starlette's handler for what it refuses itself, in the same body."""
    if not isinstance(error, HTTPException):
        raise error
    code, sentence = OWN_CODES.get(error.status_code, ("malformed_request", str(error.detail)))
    return answer(request.scope, error.status_code, code, sentence, headers=error.headers)


def internal_fault(scope: Scope) -> Response:
    """The answer to a bug of ours: the id under which the log has the cause, and nothing else."""
    known = request_id_of(scope)
    sentence = f"Something went wrong on our side. The log has it under request id {known}."
    return answer(scope, 500, "internal", sentence)


def _headers(error: GitOpsError) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"Retry-After": str(max(1, round(error.retry_after)))}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="gitops-auditor"'}
    return {}
