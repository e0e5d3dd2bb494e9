"""The MCP server: one object that serves both protocol eras on every transport."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import Server
from mcp.server.lowlevel.server import NotificationOptions
from mcp_types import NotificationParams, ServerCapabilities
from typing_extensions import override

from gitops_auditor import __version__
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.server.calls import OperationCaller, ServicesProvider
from gitops_auditor.server.errors import as_protocol_error, as_tool_result, guarded
from gitops_auditor.server.notifications import (
    Notifications,
    notifying,
    on_initialized,
    on_listen,
    on_subscribe,
    on_unsubscribe,
)
from gitops_auditor.server.prompts import Prompts
from gitops_auditor.server.resources import Resources
from gitops_auditor.server.tools import Tools
from gitops_auditor.services import Services

NAME = "gitops-auditor"
INSTRUCTIONS = """\
Knows how many git repositories depend on one another. Register or discover repositories, \
then scan them; everything else reads the last scan. Repository ids look like owner/name.
- Before changing a repository: analyze its impact. Before choosing a version: list the conflicts.
- For a picture of the whole: the dependency graph, with focus and depth when it is large.
- Long calls answer at once with a work id, or after wait_seconds; get_work has the result.
- An error says what to do next. Lists take limit and cursor."""

_UNCHANGING = CacheHint(ttl_ms=300_000)
_CACHE_HINTS: Final[dict[CacheableMethod, CacheHint]] = {
    "tools/list": _UNCHANGING,
    "prompts/list": _UNCHANGING,
    "resources/templates/list": _UNCHANGING,
}


class AuditorServer(Server[Notifications]):
    """The SDK's server, saying truthfully of which changes it notifies.

    The list of resources changes with the repositories; tools and prompts are fixed at the start.
    """

    @override
    def get_capabilities(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
        *,
        protocol_version: str | None = None,
    ) -> ServerCapabilities:
        found = super().get_capabilities(
            notification_options,
            experimental_capabilities,
            extensions,
            protocol_version=protocol_version,
        )
        if found.resources:
            found.resources.list_changed = True
        for fixed in (found.tools, found.prompts):
            if fixed:
                fixed.list_changed = False
        return found


def create_server(
    catalog: OperationCatalog, services: Services | ServicesProvider
) -> AuditorServer:
    """The server that offers every operation of `catalog` as a tool.

    `services` may be a provider that opens them on its first call, so that a client's handshake
    does not wait for the database.
    """
    provider = _constant(services) if isinstance(services, Services) else services
    caller = OperationCaller(catalog, provider)
    tools, resources, prompts = Tools(caller), Resources(caller), Prompts(caller)

    @asynccontextmanager
    async def lifespan(_: Server[Notifications]) -> AsyncIterator[Notifications]:
        async with notifying(provider) as notifications:
            yield notifications

    server = AuditorServer(
        NAME,
        version=__version__,
        title="GitOps Auditor",
        instructions=INSTRUCTIONS,
        cache_hints=_CACHE_HINTS,
        lifespan=lifespan,
        get_tool_input_schema=tools.input_schema,
        on_list_tools=guarded(tools.list, as_protocol_error),
        on_call_tool=guarded(tools.call, as_tool_result),
        on_list_resources=guarded(resources.list, as_protocol_error),
        on_list_resource_templates=guarded(resources.templates, as_protocol_error),
        on_read_resource=guarded(resources.read, as_protocol_error),
        on_subscribe_resource=guarded(on_subscribe, as_protocol_error),
        on_unsubscribe_resource=guarded(on_unsubscribe, as_protocol_error),
        on_subscriptions_listen=guarded(on_listen, as_protocol_error),
        on_list_prompts=guarded(prompts.list, as_protocol_error),
        on_get_prompt=guarded(prompts.get, as_protocol_error),
        on_completion=guarded(prompts.complete, as_protocol_error),
    )
    server.add_notification_handler("notifications/initialized", NotificationParams, on_initialized)
    return server


def _constant(services: Services) -> ServicesProvider:
    async def provide() -> Services:
        return services

    return provide
