"""A run as the engine holds it, and what a write to the journal says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from gitops_auditor.errors import Conflict, JsonValue
from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.engine.memory import Memory
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.handlers import Outcome
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import Arrangement
from gitops_auditor.pipelines.states import JobStatus, RunState
from gitops_auditor.pipelines.trigger_models import Event


class Fenced(Conflict):
    """Another process carries the run out now: this one may not write to it any more."""


class Impossible(Conflict):
    """The run cannot be carried out, now or later; the message says why."""


class Claim(NamedTuple):
    """The right to write to a run, until somebody else has a larger `fence`."""

    run_id: str
    owner: str
    fence: int


class OpenAttempt(NamedTuple):
    """An attempt that the journal knows as running."""

    job: str
    number: int
    host: str
    cookie: str


class Decision(NamedTuple):
    """What somebody answered who was asked for an approval."""

    approved: bool
    decided_by: str
    comment: str
    answers: Mapping[str, JsonValue]


@dataclass(slots=True)
class JobFacts:
    """What is kept of a job beside its state."""

    started_at: datetime | None = None
    completed_at: datetime | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What a run is called, and what it runs on."""

    id: str
    number: int
    pipeline_id: str
    repository_id: str
    commit_sha: str | None
    created_at: datetime
    started_at: datetime


@dataclass(frozen=True, slots=True)
class LoadedRun:
    """A claimed run as the journal has it."""

    claim: Claim
    identity: RunIdentity
    definition: PipelineDefinition
    arrangement: Arrangement
    event: Event
    inputs: Mapping[str, Written]
    state: RunState
    memory: Memory
    facts: dict[str, JobFacts]
    attempts: Sequence[OpenAttempt]
    decisions: Mapping[str, Decision]
    cancel_requested: bool
    isolation: str | None


class NewAttempt(NamedTuple):
    """An attempt that is about to start."""

    job: str
    number: int
    cookie: str
    started_at: datetime


class EndedAttempt(NamedTuple):
    """An attempt that is over. `status` is a job's; `outcome` may have a failure all the same."""

    job: str
    number: int
    status: JobStatus
    outcome: Outcome
    log_bytes: int
    completed_at: datetime


class RunEnd(NamedTuple):
    """The end of a run."""

    failure: FailureKind | None
    reason: str
    metrics: Mapping[str, JsonValue]
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """All that happened since the last write, which one transaction keeps.

    `jobs` are those whose state changed, `logs` the attempt and size of each log that grew,
    `asked` the approvals that are waited for from now on, with their messages. `released` lets
    another process go on with the run.
    """

    state: RunState
    memory: Memory
    facts: Mapping[str, JobFacts]
    isolation: str | None
    jobs: Sequence[str] = ()
    started: Sequence[NewAttempt] = ()
    ended: Sequence[EndedAttempt] = ()
    logs: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)
    end: RunEnd | None = None
    released: bool = False
    durable: bool = False


class News(NamedTuple):
    """What others wrote about a run while it is carried out."""

    cancel_requested: bool
    decisions: Mapping[str, Decision]
