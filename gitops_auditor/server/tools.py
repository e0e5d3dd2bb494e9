"""Operations as MCP tools. There is no tool that is not an operation of the catalog."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    Tool,
    ToolAnnotations,
)

from gitops_auditor.operations import Operation
from gitops_auditor.server.asking import Asking, ask_for
from gitops_auditor.server.auth import RequestContext, principal_of
from gitops_auditor.server.calls import OperationCaller
from gitops_auditor.server.progress import progress_for
from gitops_auditor.server.results import MOST_CHARACTERS, tool_result
from gitops_auditor.server.schemas import input_schema, output_schema

MAX_RESULT_META = "anthropic/maxResultSizeChars"
"""Read by Claude Code: up to this many characters reach the model whole instead of as a file."""

_LONG_RESULTS = frozenset({"limit", "max_nodes", "max_elements", "detail", "depth", "format"})


def describe(operation: Operation) -> Tool:
    """The operation as clients see it in tools/list."""
    return Tool(
        name=operation.name,
        title=operation.title,
        description=operation.description,
        input_schema=input_schema(operation.params),
        output_schema=output_schema(operation.result),
        annotations=_hints(operation),
        _meta=_meta(operation),
    )


def _hints(operation: Operation) -> ToolAnnotations:
    return ToolAnnotations(
        read_only_hint=operation.effect == "read",
        destructive_hint=operation.effect == "destroy",
        idempotent_hint=operation.idempotent,
        open_world_hint=operation.open_world,
    )


def _meta(operation: Operation) -> dict[str, Any] | None:
    if _LONG_RESULTS.isdisjoint(operation.params.model_fields):
        return None
    return {MAX_RESULT_META: MOST_CHARACTERS}


class Tools:
    """Handlers of tools/list and tools/call."""

    def __init__(self, caller: OperationCaller) -> None:
        self._caller = caller

    @cached_property
    def _described(self) -> Mapping[str, Tool]:
        return {found.name: describe(found) for found in self._caller.catalog.operations}

    async def list(self, ctx: RequestContext, _: PaginatedRequestParams | None) -> ListToolsResult:
        """The tools that the caller's role may use, on one page."""
        principal = principal_of(ctx)
        allowed = [found for found in self._caller.catalog.operations if principal.may(found.role)]
        return ListToolsResult(tools=[self._described[found.name] for found in allowed])

    async def call(
        self, ctx: RequestContext, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Run one tool, or ask what it needs to know first.

        Raises GitOpsError for what the caller can fix.
        """
        operation = self._caller.catalog.get(params.name)
        ask = ask_for(ctx, params, long=operation.long)
        arguments = params.arguments or {}
        try:
            result = await self._caller.call(ctx, operation.name, arguments, progress_for(ctx), ask)
        except Asking as asking:
            return asking.result
        return tool_result(operation, result)

    def input_schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of a tool's arguments, without asking tools/list for it."""
        found = self._described.get(name)
        return found.input_schema if found else None
