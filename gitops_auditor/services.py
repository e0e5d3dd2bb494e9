"""Everything an operation may use, opened in order and closed in reverse."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gitops_auditor.access import Access
from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.dependencies.queries import DependencyQueries
from gitops_auditor.dependencies.service import DependencyService
from gitops_auditor.errors import Unavailable
from gitops_auditor.events import EventLog
from gitops_auditor.orchestrator.assembly import PlanServices, Surroundings, open_plans
from gitops_auditor.pipelines.assembly import PipelineServices, open_pipelines
from gitops_auditor.quality.assembly import QualityServices
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.schema import is_current, upgrade
from gitops_auditor.wiring.quality import open_gates
from gitops_auditor.work import Process, WorkManager, open_process


@dataclass(frozen=True)
class Services:
    """The platform's parts, wired. Operations take them from their context and make none."""

    settings: Settings
    database: Database
    events: EventLog
    audit: Audit
    access: Access
    process: Process
    work: WorkManager
    repositories: RepositoryRegistry
    dependencies: DependencyService
    dependency_queries: DependencyQueries
    pipelines: PipelineServices
    quality: QualityServices
    plans: PlanServices


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Bring the database to the current schema and open every service on it.

    Raises Unavailable when the data folder or the database cannot be used, Conflict when a newer
    version of the program wrote the database.
    """
    _make_private(settings.data_dir)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(settings.database_url))
        if not await is_current(database):
            await upgrade(settings.database_url, settings.data_dir)
        yield await _open(settings, database, stack)


async def _open(settings: Settings, database: Database, stack: AsyncExitStack) -> Services:
    events = EventLog(database)
    process = await stack.enter_async_context(
        open_process(database, settings.data_dir, settings.dead_seconds)
    )
    audit = Audit(database, settings.data_dir / "audit-anchor", process)
    await audit.settle()

    git = Git()
    repositories = RepositoryRegistry(database, events, audit, git, settings)
    dependencies = DependencyService(database, events, audit, repositories, git, settings)
    pipelines = await stack.enter_async_context(
        open_pipelines(settings, database, events, audit, repositories)
    )
    quality = await stack.enter_async_context(
        open_gates(settings, database, events, audit, process, repositories, pipelines)
    )
    around = Surroundings(
        settings=settings,
        database=database,
        events=events,
        audit=audit,
        process=process,
        git=git,
        repositories=repositories,
        dependencies=dependencies,
        pipelines=pipelines,
        quality=quality,
    )
    return Services(
        settings=settings,
        database=database,
        events=events,
        audit=audit,
        access=Access(database, lambda tx, after: audit.outcome(tx, "success", after=after)),
        process=process,
        work=await stack.enter_async_context(WorkManager(database, events, process).open()),
        repositories=repositories,
        dependencies=dependencies,
        dependency_queries=DependencyQueries(dependencies, repositories, settings),
        pipelines=pipelines,
        quality=quality,
        plans=await stack.enter_async_context(open_plans(around)),
    )


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as refused:
        raise Unavailable(
            f"The data folder {folder} cannot be used: {refused.strerror}.",
            hint="Choose another with GITOPS_DATA_DIR.",
        ) from None
