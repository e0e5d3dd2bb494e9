"""Opens what carries runs out: the sandbox, the handlers of jobs, the engine and its executor."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, nullcontext, suppress
from datetime import timedelta
from typing import Final

import anyio

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.events import EventLog
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.pipelines.engine.engine import LAPSE_SECONDS, RunEngine
from gitops_auditor.pipelines.engine.options import EngineParts
from gitops_auditor.pipelines.engine.slots import Slots
from gitops_auditor.pipelines.executor.companion import Companion
from gitops_auditor.pipelines.executor.executor import Executor
from gitops_auditor.pipelines.handlers import JobHandler
from gitops_auditor.pipelines.jobs.mcp import McpJobs
from gitops_auditor.pipelines.jobs.releases import ReleaseMaker
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from gitops_auditor.pipelines.models import JobKind
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.pipelines.workspaces import RunWorkspaces
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from gitops_auditor.work import Process

FOR_EVER_DAYS: Final = 36_500


@asynccontextmanager
async def open_executor(  # noqa: PLR0913 - all that carrying out takes
    settings: Settings,
    database: Database,
    events: EventLog,
    audit: Audit,
    process: Process,
    repositories: RepositoryRegistry,
    pipelines: PipelineServices,
    gates: JobHandler,
    *,
    releases: ReleaseMaker,
    companions: Sequence[Companion] = (),
    soon: bool = False,
) -> AsyncIterator[Executor]:
    """What carries out runs in this process. At the end every job of it is ended.

    `gates` carries out the jobs that ask quality gates, `releases` those that ask GitHub for one,
    `companions` what is no run. What jobs run in is started with the first one, or at once when
    there will be one `soon`.
    """
    async with Sandbox.open(settings) as sandbox, _prepared(sandbox) if soon else nullcontext():
        handlers: Mapping[JobKind, JobHandler] = {
            "script": ScriptJobs.open(settings, pipelines.artifacts, sandbox),
            "mcp": McpJobs(pipelines.connections, settings, releases),
            "gate": gates,
        }
        journal = Journal(database, events, audit)
        parts = EngineParts(
            journal=journal,
            process=process,
            handlers=handlers,
            workspaces=RunWorkspaces(repositories, settings),
            logs=pipelines.logs,
            slots=Slots(settings.pipeline_worker_count),
            longest_seconds=settings.pipeline_timeout_seconds,
            grace_seconds=settings.grace_seconds,
            failed_kept=_failed_kept(settings),
        )
        engine = RunEngine(parts)
        with ExitStack() as lapses:
            for let_go in (engine.let_go, *(one.let_go for one in companions)):
                seconds = settings.grace_seconds + LAPSE_SECONDS
                lapses.enter_context(process.on_lapse(seconds, let_go))
            yield Executor(engine, journal, process, settings.data_dir, companions)


@asynccontextmanager
async def _prepared(sandbox: Sandbox) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_prepare, sandbox)
        yield
        tasks.cancel_scope.cancel()


async def _prepare(sandbox: Sandbox) -> None:
    # The first job asks again, and is told why there is none.
    with suppress(GitOpsError):
        await sandbox.level()


def _failed_kept(settings: Settings) -> timedelta:
    if settings.pipeline_engine_mode == "development":
        return timedelta(days=FOR_EVER_DAYS)
    return timedelta(hours=settings.failed_kept_hours)
