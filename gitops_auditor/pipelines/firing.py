"""Starts the pipelines that an event is for, and keeps known the files that define pipelines.

Everything here runs inside an `Audit.operation` of the caller.
"""

from typing import NamedTuple

from gitops_auditor.errors import GitOpsError, JsonValue, Refused
from gitops_auditor.events import EventLog
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.launching import Launcher
from gitops_auditor.pipelines.records import PipelineSummary, RunSummary
from gitops_auditor.pipelines.service import CHANNEL, Pipelines
from gitops_auditor.pipelines.sources import Definitions
from gitops_auditor.pipelines.starting.ports import ScheduledPipeline
from gitops_auditor.pipelines.store import definitions as store
from gitops_auditor.pipelines.trigger_models import Event, Schedule
from gitops_auditor.pipelines.triggers import firing
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revision, Revisions
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

_log = get_logger("pipelines")


class SyncReport(NamedTuple):
    """The pipelines that the files of a repository define, and the files that could not be read."""

    pipelines: list[str]
    problems: dict[str, str]


class Firing:
    """Starts runs in the name of what happened; see `starting.ports.RunStarter`."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        repositories: RepositoryRegistry,
        revisions: Revisions,
        pipelines: Pipelines,
        sources: Definitions,
        launcher: Launcher,
    ) -> None:
        self._database = database
        self._events = events
        self._repositories = repositories
        self._revisions = revisions
        self._pipelines = pipelines
        self._sources = sources
        self._launcher = launcher

    async def fire(
        self, repository_id: str, event: Event, commit_sha: str, actor: str, key: str
    ) -> list[str]:
        """Start every active pipeline of the repository whose triggers match; their run ids.

        The definitions in files are those of the commit; a file that it has not starts nothing.
        One that cannot be started is announced as `pipeline.refused` and keeps no other from
        starting. Raises NotFound for the repository and Unavailable when the commit cannot be had.
        """
        repository = await self._repositories.get(repository_id)
        found = await self._revisions.resolve(repository, commit_sha)
        revision = found._replace(branch=event.branch, tag=event.tag, ref=event.branch or event.tag)
        base = await self._base(repository, revision, event)
        if base == revision.commit:
            await self._sync(repository, revision, actor)
        present = {None, *await self._sources.files(repository, base)}
        async with self._database.read() as connection:
            known = await store.of_repository(connection, repository.id)
        started = [
            await self._start(pipeline, repository, revision, event, actor, key, base)
            for pipeline in known
            if pipeline.status == "active" and pipeline.path in present
        ]
        return [run_id for run_id in started if run_id is not None]

    async def fire_schedule(
        self, pipeline_id: str, event: Event, actor: str, key: str
    ) -> str | None:
        """Start a pipeline because its time came; None when that is refused, which is announced."""
        pipeline = await self._pipelines.summary(pipeline_id)
        repository = await self._repositories.get(pipeline.repository_id)
        revision = await self._revisions.resolve(repository, event.branch)
        at_branch = event.model_copy(update={"branch": revision.branch or ""})
        return await self._start(pipeline, repository, revision, at_branch, actor, key)

    async def fire_webhook(
        self, pipeline: PipelineSummary, ref: str, actor: str, key: str
    ) -> RunSummary:
        """Start a pipeline because its own address was called.

        Raises Refused when it has no webhook trigger or is not active, and as a start does.
        """
        repository = await self._repositories.get(pipeline.repository_id)
        revision = await self._revisions.resolve(repository, ref)
        event = Event(type="webhook", branch=revision.branch or "", tag=revision.tag or "")
        plan = await self._launcher.settled(pipeline, repository, revision, event)
        verdict = firing(plan.read.definition.triggers, event)
        if not verdict.fires or pipeline.status != "active":
            raise Refused(
                f"{pipeline.name} does not start: {verdict.reason}"
                if not verdict.fires
                else f"{pipeline.name} is {pipeline.status}.",
                hint="Add `- webhook` to its triggers and see that it is active.",
            )
        return await self._launcher.launch(plan, actor, key=key)

    async def scheduled(self) -> list[ScheduledPipeline]:
        """The active pipelines that have a schedule."""
        async with self._database.read() as connection:
            active = await store.active_sources(connection)
        found = []
        for pipeline, source in active:
            triggers = self._sources.parsed(source, pipeline.path).triggers
            schedules = tuple(one for one in triggers if isinstance(one, Schedule))
            if schedules:
                since = pipeline.updated_at
                found.append(
                    ScheduledPipeline(pipeline.id, pipeline.repository_id, schedules, since)
                )
        return found

    async def watched(self) -> frozenset[str]:
        """The repositories in which a push may start something: a push may bring a pipeline."""
        return frozenset(repository.id for repository in await self._repositories.all())

    async def sync(self, repository_id: str, actor: str, ref: str = "") -> SyncReport:
        """Know the pipelines that files at a ref define, the default branch unless one is given.

        Those that are known stay as the default branch has them. Raises NotFound and Unavailable.
        """
        repository = await self._repositories.get(repository_id)
        revision = await self._revisions.resolve(repository, ref)
        is_default = not ref or revision.branch == repository.default_branch
        return await self._register_files(repository, revision, actor, is_default=is_default)

    async def _base(self, repository: Repository, revision: Revision, event: Event) -> str:
        """The commit whose definitions count: a stranger's proposal does not bring its own."""
        if not event.is_from_fork:
            return revision.commit
        return (await self._revisions.resolve(repository, event.base_branch)).commit

    async def _sync(self, repository: Repository, revision: Revision, actor: str) -> None:
        is_default = revision.branch == repository.default_branch
        report = await self._register_files(repository, revision, actor, is_default=is_default)
        for path, reason in report.problems.items():
            await self._announce_refusal(repository.id, None, f"{path}: {reason}")

    async def _register_files(
        self, repository: Repository, revision: Revision, actor: str, *, is_default: bool
    ) -> SyncReport:
        report = SyncReport([], {})
        for path in await self._sources.files(repository, revision.commit):
            try:
                read = await self._sources.at(repository, revision.commit, path)
            except GitOpsError as problem:
                report.problems[path] = problem.message
                continue
            known = await self._pipelines.of_file(repository.id, path)
            if known is None or is_default:
                await self._pipelines.register_file(repository, path, read, actor)
            report.pipelines.append(path)
        return report

    async def _start(
        self,
        pipeline: PipelineSummary,
        repository: Repository,
        revision: Revision,
        event: Event,
        actor: str,
        key: str,
        definition_at: str | None = None,
    ) -> str | None:
        try:
            plan = await self._launcher.settled(
                pipeline, repository, revision, event, definition_at
            )
            if not firing(plan.read.definition.triggers, event).fires:
                return None
            return (await self._launcher.launch(plan, actor, key=key)).id
        except GitOpsError as refused:
            _log.warning("a pipeline did not start", pipeline=pipeline.id, reason=refused.message)
            await self._announce_refusal(repository.id, pipeline.id, refused.message)
            return None

    async def _announce_refusal(
        self, repository_id: str, pipeline_id: str | None, reason: str
    ) -> None:
        data: dict[str, JsonValue] = {
            "repository_id": repository_id,
            "pipeline_id": pipeline_id,
            "reason": reason,
        }
        async with self._database.write() as transaction:
            await self._events.append(transaction, CHANNEL, "pipeline.refused", data)
