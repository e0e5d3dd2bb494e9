"""An MCP server of a table of tools; it speaks both protocol eras."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import anyio
import anyio.to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from pydantic import ValidationError

from gitops_auditor import __version__
from gitops_auditor.errors import GitOpsError
from gitops_auditor.linters.running import Progress
from gitops_auditor.linters.servers.offering import Offer, Told
from gitops_auditor.linters.servers.roots import Roots
from gitops_auditor.log import get_logger

Context: TypeAlias = ServerRequestContext[Any, Any]
SEND_SECONDS: Final = 1.0
"""A client that reads slower than this misses progress, so that it cannot slow the work."""

_log = get_logger("linters")


class _Tools:
    """Handlers of tools/list and tools/call."""

    def __init__(self, offers: Sequence[Offer[Any]], roots: Roots) -> None:
        self._offers = {offer.name: offer for offer in offers}
        self._roots = roots

    async def list(self, _: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[offer.described() for offer in self._offers.values()])

    async def call(self, ctx: Context, params: CallToolRequestParams) -> CallToolResult:
        offer = self._offers.get(params.name)
        if offer is None:
            known = ", ".join(self._offers)
            raise MCPError(INVALID_PARAMS, f"There is no tool {params.name}; there are: {known}.")
        async with anyio.create_task_group() as tasks:

            def progress(done: int, total: int, said: str) -> None:
                tasks.start_soon(_report, ctx, done, total, said)

            answer = await self._answer(offer, params.arguments or {}, progress)
        return answer  # noqa: RET504 - a return inside the block may be one too few for a checker

    async def _answer(
        self, offer: Offer[Any], arguments: dict[str, Any], progress: Progress
    ) -> CallToolResult:
        try:
            return _result(await offer.called(arguments, self._roots, progress))
        except ValidationError as invalid:
            return _failure(_sentence(invalid))
        except GitOpsError as failure:
            return _failure(str(failure))
        except Exception:  # noqa: BLE001 - the top of a call; the server goes on with others
            _log.exception("A call broke", tool=offer.name)
            return _failure("Something went wrong on our side; standard error has the cause.")


async def _report(ctx: Context, done: int, total: int, said: str) -> None:
    with anyio.move_on_after(SEND_SECONDS):
        await ctx.session.report_progress(done, total, said)


def create_server(
    name: str, instructions: str, offers: Sequence[Offer[Any]], roots: Roots
) -> Server[Any]:
    """The server; tools are called by name, and failures that the caller can mend are results."""
    tools = _Tools(offers, roots)
    return Server(
        name,
        version=__version__,
        instructions=instructions,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
    )


def _result(told: Told) -> CallToolResult:
    content: dict[str, Any] = told.content.model_dump(mode="json")
    return CallToolResult(content=[TextContent(text=told.text)], structured_content=content)


def _failure(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=sentence)], is_error=True)


def _sentence(invalid: ValidationError) -> str:
    first = invalid.errors(include_url=False, include_input=False, include_context=False)[0]
    named = ".".join(map(str, first["loc"])) or "arguments"
    return f"`{named}` is not understood: {first['msg']}."
