"""The composition root: settings become services, a catalog, an MCP server and an HTTP app."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.services import Services, open_services
from gitops_auditor.tools import full_catalog


@dataclass(frozen=True)
class Platform:
    """Open services, and what their settings allow callers to do."""

    settings: Settings
    services: Services
    catalog: OperationCatalog


def catalog_for(settings: Settings) -> OperationCatalog:
    """Every operation that the settings leave on offer."""
    catalog = full_catalog()
    if not settings.enable_phase2_features:
        catalog = catalog.without_phase2()
    return catalog.without_writes() if settings.read_only else catalog


def mcp_catalog_for(settings: Settings) -> OperationCatalog:
    """The operations that the settings offer to MCP clients."""
    return catalog_for(settings).for_mcp(settings.toolsets, settings.tools, settings.exclude_tools)


@asynccontextmanager
async def open_platform(settings: Settings) -> AsyncIterator[Platform]:
    """Open everything on the data folder; raises Unavailable when it cannot be used."""
    catalog = catalog_for(settings)
    async with open_services(settings) as services:
        yield Platform(settings, services, catalog)


async def serve(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve MCP, REST and live events until the process is told to stop.

    `ready` is called with the base address once requests are answered. Raises Unavailable when it
    cannot listen there.
    """
    from gitops_auditor.http_api.app import create_app
    from gitops_auditor.http_api.serving import run_server
    from gitops_auditor.scheduling import forget_on_schedule, rescan_on_schedule
    from gitops_auditor.server.app import create_server
    from gitops_auditor.server.http import McpEndpoint

    async with open_platform(settings) as platform:
        server = create_server(mcp_catalog_for(settings), platform.services)
        endpoint = McpEndpoint(server, settings)
        app = create_app(platform.catalog, platform.services, endpoint, endpoint.running)

        async def beside() -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(rescan_on_schedule, platform.catalog, platform.services)
                tasks.start_soon(forget_on_schedule, platform.services)

        await run_server(app, settings, ready, beside)
