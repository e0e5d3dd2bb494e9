"""How failures look over MCP, and the one place where an unexpected one ends.

A tool's failure is a result with `isError`, so that the model reads it and can correct itself. Its
structured form {error, code, details, request_id} travels in `_meta`, not as structured content:
clients hold structured content against the tool's output schema even when it is an error.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, CallToolResult, TextContent
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from gitops_auditor.errors import GitOpsError, JsonValue
from gitops_auditor.log import get_logger
from gitops_auditor.server.auth import RequestContext, request_id_of

log = get_logger("mcp")

ERROR_META = "gitops-auditor/error"
RESOURCE_NOT_FOUND = -32002
"""Up to revision 2025-11-25; later ones answer INVALID_PARAMS."""

_CODES = {
    "invalid_request": INVALID_PARAMS,
    "not_found": INVALID_PARAMS,
    "unauthenticated": INVALID_REQUEST,
    "forbidden": INVALID_REQUEST,
    "refused": INVALID_REQUEST,
}

Params = TypeVar("Params")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Failure:
    """A failure in the terms that every transport shares."""

    message: str
    code: str
    request_id: str
    details: dict[str, JsonValue] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, JsonValue]:
        """The one error body: {error, code, details, request_id}."""
        return {
            "error": self.message,
            "code": self.code,
            "details": self.details,
            "request_id": self.request_id,
        }


def expected(error: GitOpsError, request_id: str) -> Failure:
    """The failure for an error of our own family."""
    return Failure(str(error), error.code, request_id, error.details)


def internal(request_id: str) -> Failure:
    """The failure for a bug of ours: it says where the log has the cause, and nothing else."""
    message = f"Something went wrong on our side. The log has it under request id {request_id}."
    return Failure(message, "internal", request_id)


def as_tool_result(_: RequestContext, failure: Failure) -> CallToolResult:
    """The failure as a tool result: the sentence, and the particulars when there are any."""
    content = [TextContent(text=failure.message)]
    if failure.details:
        content.append(TextContent(text=json.dumps(failure.details, separators=(",", ":"))))
    return CallToolResult(content=[*content], is_error=True, _meta={ERROR_META: failure.body})


def as_protocol_error(ctx: RequestContext, failure: Failure) -> NoReturn:
    """Raise the failure as a JSON-RPC error, for everything that is not a tool call."""
    code = _CODES.get(failure.code, INTERNAL_ERROR)
    handshake_era = ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS
    if failure.code == "not_found" and ctx.method == "resources/read" and handshake_era:
        code = RESOURCE_NOT_FOUND
    raise MCPError(code, failure.message, failure.body)


def guarded(
    handler: Callable[[RequestContext, Params], Awaitable[Answer]],
    answer: Callable[[RequestContext, Failure], Answer],
) -> Callable[[RequestContext, Params], Awaitable[Answer]]:
    """The handler, with every failure turned into an answer. Cancellation passes through."""

    async def handle(ctx: RequestContext, params: Params) -> Answer:
        request_id = request_id_of(ctx)
        try:
            return await handler(ctx, params)
        except MCPError:
            raise
        except GitOpsError as error:
            return answer(ctx, expected(error, request_id))
        except Exception:
            log.exception("internal_fault", request_id=request_id, method=ctx.method)
            return answer(ctx, internal(request_id))

    return handle
