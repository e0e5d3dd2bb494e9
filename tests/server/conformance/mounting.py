"""Mounts the suite's fixtures on a server of ours; what is no fixture reaches our own handlers."""

from collections.abc import Awaitable, Callable
from typing import Any

from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    EmptyResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    ReadResourceRequestParams,
    ReadResourceResult,
    SetLevelRequestParams,
)

from gitops_auditor.server.app import AuditorServer
from gitops_auditor.server.auth import RequestContext
from tests.server.conformance import asking, content

Handler = Callable[[RequestContext, Any], Awaitable[Any]]


def mount(server: AuditorServer) -> None:
    """Put the fixtures in front of the server's own tools, resources and prompts."""
    for method, wrap in WRAPPERS.items():
        entry = server.get_request_handler(method)
        assert entry is not None
        server.add_request_handler(method, entry.params_type, wrap(entry.handler))
    server.add_request_handler("logging/setLevel", SetLevelRequestParams, _set_level)


async def _set_level(_: RequestContext, __: SetLevelRequestParams) -> EmptyResult:
    return EmptyResult()


def _list_tools(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: Any) -> ListToolsResult:
        listed: ListToolsResult = await ours(ctx, params)
        fixtures = [content.tool(name) for name in (*content.TOOLS, *asking.TOOLS)]
        return ListToolsResult(tools=[*listed.tools, *fixtures])

    return handle


def _call_tool(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: CallToolRequestParams) -> CallToolResult:
        if params.name in content.TOOLS:
            return CallToolResult(content=content.TOOLS[params.name])
        if params.name in asking.TOOLS:
            return await asking.TOOLS[params.name](ctx, params.arguments or {})
        result: CallToolResult = await ours(ctx, params)
        return result

    return handle


def _list_resources(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: Any) -> ListResourcesResult:
        listed: ListResourcesResult = await ours(ctx, params)
        return ListResourcesResult(resources=[*listed.resources, *content.RESOURCES])

    return handle


def _list_templates(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: Any) -> ListResourceTemplatesResult:
        listed: ListResourceTemplatesResult = await ours(ctx, params)
        templates = [*listed.resource_templates, *content.TEMPLATES]
        return ListResourceTemplatesResult(resource_templates=templates)

    return handle


def _read_resource(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: ReadResourceRequestParams) -> ReadResourceResult:
        found = content.read(params.uri)
        result: ReadResourceResult = found or await ours(ctx, params)
        return result

    return handle


def _list_prompts(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: Any) -> ListPromptsResult:
        listed: ListPromptsResult = await ours(ctx, params)
        return ListPromptsResult(prompts=[*listed.prompts, *content.prompts()])

    return handle


def _get_prompt(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: GetPromptRequestParams) -> GetPromptResult:
        found = content.prompt(params.name, params.arguments or {})
        result: GetPromptResult = found or await ours(ctx, params)
        return result

    return handle


def _complete(ours: Handler) -> Handler:
    async def handle(ctx: RequestContext, params: CompleteRequestParams) -> CompleteResult:
        if getattr(params.ref, "name", "") in content.PROMPTS:
            return CompleteResult(completion=Completion(values=["testing"], total=1))
        result: CompleteResult = await ours(ctx, params)
        return result

    return handle


WRAPPERS: dict[str, Callable[[Handler], Handler]] = {
    "tools/list": _list_tools,
    "tools/call": _call_tool,
    "resources/list": _list_resources,
    "resources/templates/list": _list_templates,
    "resources/read": _read_resource,
    "prompts/list": _list_prompts,
    "prompts/get": _get_prompt,
    "completion/complete": _complete,
}
