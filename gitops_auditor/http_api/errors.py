"""How failures look over HTTP: one body, and one table from error code to status."""

import uuid
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

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


def request_id_of(request: Request) -> str:
    """The id of this request, which error bodies and logs share."""
    state = request.scope.setdefault("state", {})
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


def answer_expected(request: Request, error: Exception) -> Response:
    """The answer to a GitOpsError."""
    if not isinstance(error, GitOpsError):
        raise error
    body = error_body(error.code, str(error), request_id_of(request), error.details)
    return JSONResponse(body, STATUS[error.code], headers=_headers(error))


def answer_http(request: Request, error: Exception) -> Response:
    """The answer to what Starlette itself refuses, in the same body."""
    if not isinstance(error, HTTPException):
        raise error
    fallback = ("malformed_request", str(error.detail))
    code, sentence = OWN_CODES.get(error.status_code, fallback)
    body = error_body(code, sentence, request_id_of(request))
    return JSONResponse(body, error.status_code, headers=error.headers)


def internal_fault(request_id: str) -> Response:
    """The answer to a bug of ours: the id under which the log has the cause, and nothing else."""
    message = f"Something went wrong on our side. The log has it under request id {request_id}."
    return JSONResponse(error_body("internal", message, request_id), 500)


def _headers(error: GitOpsError) -> dict[str, str]:
    if isinstance(error, RateLimited):
        return {"Retry-After": str(max(1, round(error.retry_after)))}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": 'Bearer realm="gitops-auditor"'}
    return {}
