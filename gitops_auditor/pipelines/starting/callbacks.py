"""Reports of another system on a run that it carries out, such as a workflow at GitHub."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.audit import Audit
from gitops_auditor.errors import JsonValue, NotFound
from gitops_auditor.events import EventLog
from gitops_auditor.identity import new_id
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.records import PipelineSummary
from gitops_auditor.pipelines.states import FINAL, RunStatus
from gitops_auditor.pipelines.store import definitions
from gitops_auditor.pipelines.store import external_runs as store
from gitops_auditor.pipelines.store.external_runs import Connection, KnownRun, Progress
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.storage.database import Database

CHANNEL: Final = "pipelines"
PROGRESS: Final = "pipeline.progress"
ReportedEvent = Literal["started", "progress", "completed", "failed"]
Conclusion = Literal["success", "failure", "cancelled", "timed_out", "skipped", "neutral"]

_ENDS: Final[Mapping[Conclusion, tuple[RunStatus, FailureKind | None]]] = {
    "success": ("success", None),
    "skipped": ("success", None),
    "neutral": ("success", None),
    "failure": ("failed", "failed"),
    "timed_out": ("failed", "timeout"),
    "cancelled": ("cancelled", None),
}
_NAMES: Final[Mapping[RunStatus, str]] = {
    "success": "pipeline.completed",
    "failed": "pipeline.failed",
    "cancelled": "pipeline.cancelled",
}


class RunReport(BaseModel, defer_build=True):
    """What happened to a run, by the name that the other system has for it.

    `conclusion` says how a run that is `completed` ended, in the words of GitHub's workflow runs;
    without it, well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: ReportedEvent = Field(description="What happened.")
    run_id: str = Field(
        description="Name of the run in the other system, with the attempt if that counts anew.",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$",
    )
    message: str = Field("", max_length=2000, description="A sentence on it, for people.")
    conclusion: Conclusion | None = Field(None, description="How it ended; success if left out.")


class ReportedRun(BaseModel, defer_build=True):
    """The run here, as it stands after a report."""

    model_config = ConfigDict(frozen=True)

    id: str
    pipeline_id: str
    run_number: int
    external_id: str
    status: RunStatus
    reason: str = ""


class Change(NamedTuple):
    """What a report changes, and the names of the events that tell of it."""

    status: RunStatus
    reason: str
    failure_kind: FailureKind | None
    events: tuple[str, ...]


class RunReports:
    """Keeps runs that are carried out elsewhere. What is over stays as it is."""

    def __init__(self, database: Database, events: EventLog, audit: Audit) -> None:
        self._database = database
        self._events = events
        self._audit = audit

    async def take(self, pipeline_id: str, report: RunReport, actor: str) -> ReportedRun:
        """Note a report; the first one on a run makes it, and one that comes again changes nothing.

        Needs a current `Audit.operation`. Raises NotFound for the pipeline.
        """
        now = datetime.now(UTC)
        async with self._database.write() as transaction:
            await definitions.lock(transaction, pipeline_id)
            pipeline = await definitions.get(transaction, pipeline_id)
            if pipeline is None:
                raise NotFound(
                    f"There is no pipeline {pipeline_id[:100]!r}.", hint="List the pipelines."
                )
            known = await store.find(transaction, pipeline_id, report.run_id)
            change = change_of(known, report)
            if known is not None and not change.events:
                await self._audit.outcome(transaction, "success")
                return _view(pipeline_id, report, known)
            after = await self._keep(transaction, pipeline, known, report, change, actor, now)
            await self._tell(transaction, pipeline, known, after, change)
        return _view(pipeline_id, report, after)

    async def _keep(
        self,
        transaction: Connection,
        pipeline: PipelineSummary,
        known: KnownRun | None,
        report: RunReport,
        change: Change,
        actor: str,
        now: datetime,
    ) -> KnownRun:
        ended_at = now if change.status in FINAL else None
        progress = Progress(change.status, change.reason, change.failure_kind, ended_at)
        if known is not None:
            await store.change(transaction, known.id, progress)
            return known._replace(status=change.status, reason=change.reason)
        run_id = new_id()
        event = Event(type="webhook").model_dump(mode="json")
        number = await store.add(
            transaction, run_id, pipeline.id, report.run_id, progress, event, actor, now
        )
        return KnownRun(run_id, number, change.status, change.reason)

    async def _tell(
        self,
        transaction: Connection,
        pipeline: PipelineSummary,
        before: KnownRun | None,
        after: KnownRun,
        change: Change,
    ) -> None:
        earlier = before._asdict() if before is not None else None
        await self._audit.outcome(transaction, "success", earlier, after._asdict())
        data: dict[str, JsonValue] = {
            "run_id": after.id,
            "pipeline_id": pipeline.id,
            "repository_id": pipeline.repository_id,
            "run_number": after.run_number,
        }
        for name in change.events:
            told = {**data, "message": after.reason} if name == PROGRESS else data
            await self._events.append(transaction, CHANNEL, name, told)


def change_of(known: KnownRun | None, report: RunReport) -> Change:
    """What a report makes of a run; without events nothing, as when it came before or is late."""
    if known is not None and known.status in FINAL:
        return Change(known.status, known.reason, None, ())
    begun = () if known is not None else ("pipeline.started",)
    if report.event in ("completed", "failed"):
        default: Conclusion = "success" if report.event == "completed" else "failure"
        status, failure = _ENDS[report.conclusion or default]
        return Change(status, report.message, failure, (*begun, _NAMES[status]))
    is_news = report.event == "progress" and report.message != (known.reason if known else "")
    return Change("running", report.message, None, (*begun, PROGRESS) if is_news else begun)


def _view(pipeline_id: str, report: RunReport, run: KnownRun) -> ReportedRun:
    return ReportedRun(pipeline_id=pipeline_id, external_id=report.run_id, **run._asdict())
