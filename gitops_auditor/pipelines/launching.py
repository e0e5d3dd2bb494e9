"""Starts runs: what is to run is settled and kept, then whoever carries runs out is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Conflict, JsonValue, NotFound, Refused
from gitops_auditor.events import EventLog
from gitops_auditor.formats.written import Written
from gitops_auditor.identity import new_id
from gitops_auditor.pipelines.inputs import resolve_inputs
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import Arrangement, arrange
from gitops_auditor.pipelines.records import PipelineSummary, Run, RunSummary
from gitops_auditor.pipelines.service import CHANNEL, Pipelines, definition_of
from gitops_auditor.pipelines.sources import Definitions, Read
from gitops_auditor.pipelines.store import definitions as definition_store
from gitops_auditor.pipelines.store import runs as store
from gitops_auditor.pipelines.store.runs import Connection, NewJob, NewRun
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revision, Revisions
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database


class Dispatcher(Protocol):
    """Brings runs to what carries them out."""

    async def submitted(self, run_id: str) -> None:
        """A run waits to be carried out."""


@dataclass(frozen=True)
class Order:
    """A run that somebody wants."""

    pipeline_id: str
    ref: str = ""
    inputs: Mapping[str, Written] = field(default_factory=dict)
    idempotency_key: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a run will execute, settled."""

    pipeline: PipelineSummary
    repository: Repository
    revision: Revision
    read: Read
    event: Event
    arrangement: Arrangement


class Launcher:
    """Settles what runs, keeps it as pending, and hands it to the dispatcher."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        repositories: RepositoryRegistry,
        revisions: Revisions,
        pipelines: Pipelines,
        sources: Definitions,
        dispatcher: Dispatcher,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._repositories = repositories
        self._revisions = revisions
        self._pipelines = pipelines
        self._sources = sources
        self._dispatcher = dispatcher

    async def start(self, order: Order, actor: str) -> RunSummary:
        """Start a run by hand, at a branch, tag or commit, or with the files as they are.

        Repeating it with the same idempotency key answers with the first run. Must run inside an
        audited operation. Raises NotFound, InvalidRequest for inputs, InvalidDefinition, and
        Refused when the pipeline is not active.
        """
        if order.idempotency_key is not None:
            known = await self.started(order.pipeline_id, order.idempotency_key)
            if known is not None:
                return known
        plan = await self.plan(order)
        return await self.launch(plan, actor, key=order.idempotency_key)

    async def started(self, pipeline_id: str, key: str) -> RunSummary | None:
        """The run that was started with an idempotency key; None when there is none."""
        async with self._database.read() as connection:
            first = await store.by_key(connection, pipeline_id, key)
        return await self._known(first) if first else None

    async def plan(self, order: Order) -> Plan:
        """What a start by hand comes to; nothing is kept. Raises as `start`."""
        pipeline = await self._pipelines.summary(order.pipeline_id)
        if pipeline.status != "active":
            raise Refused(
                f"The pipeline {pipeline.name} is {pipeline.status}.",
                hint="Set its status to active first.",
            )
        repository = await self._repositories.get(pipeline.repository_id)
        revision = await self._revisions.resolve(repository, order.ref)
        event = Event(
            branch=revision.branch or "", tag=revision.tag or "", inputs=dict(order.inputs)
        )
        return await self.settled(pipeline, repository, revision, event)

    async def settled(
        self,
        pipeline: PipelineSummary,
        repository: Repository,
        revision: Revision,
        event: Event,
        definition_at: str | None = None,
    ) -> Plan:
        """What an event comes to at a commit, with the definition of that commit or another one.

        Raises NotFound, InvalidDefinition and InvalidRequest.
        """
        if pipeline.path is not None:
            commit = definition_at or revision.commit
            read = await self._sources.at(repository, commit, pipeline.path)
        else:
            read = await self._stored(pipeline)
        resolve_inputs(read.definition, event)
        return Plan(pipeline, repository, revision, read, event, arrange(read.definition))

    async def again(self, run: Run, source: str) -> Plan:
        """What a repetition of a run comes to: its commit, definition and event.

        Raises NotFound and Refused as `start`, and Unavailable when the commit is gone.
        """
        pipeline = await self._pipelines.summary(run.pipeline_id)
        repository = await self._repositories.get(run.repository_id)
        found = await self._revisions.resolve(repository, run.commit_sha or run.ref)
        event = Event.model_validate(await self._event_of(run.id))
        revision = found._replace(branch=event.branch, tag=event.tag, ref=run.ref)
        definition = self._sources.parsed(source, pipeline.path)
        read = Read(source, definition, run.commit_sha)
        return Plan(pipeline, repository, revision, read, event, arrange(definition))

    async def launch(
        self,
        plan: Plan,
        actor: str,
        *,
        key: str | None = None,
        jobs: Sequence[NewJob] | None = None,
        rerun_of: str | None = None,
        run_id: str | None = None,
    ) -> RunSummary:
        """Keep the run and submit it; `jobs` are given for a run that repeats a part of another."""
        run_id, now = run_id or new_id(), datetime.now(UTC)
        async with self._database.write() as transaction:
            await definition_store.lock(transaction, plan.pipeline.id)
            if key and (first := await store.by_key(transaction, plan.pipeline.id, key)):
                return await self._known(first)
            revision = await definition_store.revision_of(
                transaction,
                plan.pipeline.id,
                definition_of(plan.read),
                actor,
                now,
            )
            run = _new_run(run_id, plan, revision, actor, now, key, rerun_of)
            number = await store.insert_run(transaction, run, jobs or new_jobs(plan.arrangement))
            ended = await self._end_others(transaction, plan.read.definition, run)
            data: dict[str, JsonValue] = {
                "run_id": run_id,
                "pipeline_id": run.pipeline_id,
                "repository_id": run.repository_id,
                "run_number": number,
                "trigger": run.trigger_type,
            }
            await self._audit.effect(transaction, None, {**data, "cancelled_runs": ended})
            await self._events.append(transaction, CHANNEL, "pipeline.queued", data)
        await self._dispatcher.submitted(run_id)
        return await self._known(run_id)

    async def _end_others(
        self, transaction: Connection, definition: PipelineDefinition, run: NewRun
    ) -> list[str]:
        concurrency = definition.concurrency
        if concurrency is None or not concurrency.cancel_in_progress:
            return []
        others = await store.in_group(transaction, run.concurrency_group or "", run.id)
        return [one for one in others if await store.request_cancel(transaction, one)]

    async def _known(self, run_id: str) -> RunSummary:
        async with self._database.read() as connection:
            found = await store.summary(connection, run_id)
        if found is None:
            raise Conflict(f"The run {run_id} was removed meanwhile.", hint="Start another.")
        return found

    async def _event_of(self, run_id: str) -> JsonValue:
        async with self._database.read() as connection:
            row = await store.details(connection, run_id)
        return None if row is None else row["trigger_data"]

    async def _stored(self, pipeline: PipelineSummary) -> Read:
        async with self._database.read() as connection:
            text = await definition_store.source(connection, pipeline.id, pipeline.revision)
        if text is None:
            raise NotFound(
                f"The definition of {pipeline.name} is gone.", hint="Update the pipeline with one."
            )
        return Read(text, self._sources.parsed(text, None), None)


def new_jobs(arrangement: Arrangement) -> list[NewJob]:
    """The jobs of a run in which nothing has happened, as they are written."""
    return [
        NewJob(job=one.id, stage=one.stage, kind=one.job.kind) for one in arrangement.jobs.values()
    ]


def _new_run(
    run_id: str,
    plan: Plan,
    revision: int,
    actor: str,
    now: datetime,
    key: str | None,
    rerun_of: str | None,
) -> NewRun:
    concurrency = plan.read.definition.concurrency
    group = f"{plan.repository.id}:{concurrency.group}" if concurrency else None
    return NewRun(
        id=run_id,
        pipeline_id=plan.pipeline.id,
        repository_id=plan.repository.id,
        revision=revision,
        ref=plan.revision.ref,
        commit_sha=plan.revision.commit,
        trigger_type=plan.event.type,
        trigger_data=plan.event.model_dump(mode="json"),
        created_at=now,
        created_by=actor,
        idempotency_key=key,
        concurrency_group=group,
        rerun_of=rerun_of,
    )
