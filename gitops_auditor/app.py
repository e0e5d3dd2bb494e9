"""The composition root: settings become services, a catalog, an MCP server and an HTTP app."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from gitops_auditor.config import Settings
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.services import Services, open_services
from gitops_auditor.tools import full_catalog

if TYPE_CHECKING:
    from gitops_auditor.pipelines.executor.executor import Executor


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


@asynccontextmanager
async def executor_of(services: Services, *, soon: bool = False) -> AsyncIterator["Executor"]:
    """What carries out runs in this process; at the end every job of it is ended.

    `soon` says that there will be a job at once.
    """
    from gitops_auditor.pipelines.carrying import open_executor
    from gitops_auditor.wiring.gate_jobs import GateJobs
    from gitops_auditor.wiring.releases import ForgeReleases

    async with open_executor(
        services.settings,
        services.database,
        services.events,
        services.audit,
        services.process,
        services.repositories,
        services.pipelines,
        GateJobs(services.quality, services.audit),
        releases=ForgeReleases(
            services.settings, services.repositories, services.audit, lambda: services.plans.forges
        ),
        companions=(services.plans.companion,),
        soon=soon,
    ) as executor:
        yield executor


@asynccontextmanager
async def carrying_out(platform: Platform) -> AsyncIterator[None]:
    """Carry out in this process the runs that are started in the block, until they are over."""
    dispatcher = platform.services.pipelines.dispatcher
    async with (
        executor_of(platform.services, soon=True) as executor,
        dispatcher.foreground(executor),
    ):
        yield


async def execute(settings: Settings, until_idle_seconds: float) -> None:
    """Be the executor of the data folder until there was nothing to do for so long."""
    async with open_services(settings) as services, executor_of(services) as executor:
        await executor.work(until_idle_seconds)


async def work(
    settings: Settings, places: int, name: str, ready: Callable[[str, int], None]
) -> None:
    """Carry out up to `places` runs of the shared database at once, until SIGINT or SIGTERM.

    `ready` is called with the name and the places once everything is open. Raises InvalidSetting
    for settings that no worker can work with.
    """
    from gitops_auditor.pipelines.remote.dispatcher import RemoteDispatcher
    from gitops_auditor.pipelines.remote.requirements import require_worker_settings

    require_worker_settings(settings)
    async with open_services(settings) as services, executor_of(services) as executor:
        dispatcher = services.pipelines.dispatcher
        if isinstance(dispatcher, RemoteDispatcher):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(dispatcher.work, executor, services.process, places, name)
                with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
                    ready(name, places)
                    await anext(received)
                tasks.cancel_scope.cancel()


async def _carry_out_runs(services: Services, executor: "Executor") -> None:
    from gitops_auditor.pipelines.remote.dispatcher import RemoteDispatcher

    places, dispatcher = services.settings.pipeline_worker_count, services.pipelines.dispatcher
    if isinstance(dispatcher, RemoteDispatcher):
        await dispatcher.work(executor, services.process, places)
    else:
        await executor.work()


async def _report_runs(services: Services) -> None:
    from gitops_auditor.wiring.commit_statuses import RunStatuses, reports_statuses

    if reports_statuses(services.settings):
        statuses = RunStatuses(
            services.settings,
            services.events,
            services.repositories,
            services.pipelines.runs.get,
            services.plans.forges,
        )
        await statuses.follow(await services.events.head())


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
    from gitops_auditor.triggering import trigger

    async with open_platform(settings) as platform, executor_of(platform.services) as executor:
        server = create_server(mcp_catalog_for(settings), platform.services)
        endpoint = McpEndpoint(server, settings)
        app = create_app(platform.catalog, platform.services, endpoint, endpoint.running)

        async def beside() -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(rescan_on_schedule, platform.catalog, platform.services)
                tasks.start_soon(forget_on_schedule, platform.services)
                if settings.enable_phase2_features:
                    tasks.start_soon(_carry_out_runs, platform.services, executor)
                    tasks.start_soon(_report_runs, platform.services)
                if settings.enable_phase2_features and not settings.read_only:
                    tasks.start_soon(trigger, platform.services)

        await run_server(app, settings, ready, beside)
