"""What is kept and told of plans."""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gitops_auditor.dependencies.models import ImpactLevel
from gitops_auditor.orchestrator.fields import (
    FailureKind,
    GoalAction,
    LedgerEntryKind,
    PhaseStatus,
    PlanStatus,
    RenderStatus,
    StepKind,
    StepStatus,
    Verification,
)
from gitops_auditor.orchestrator.requests import PlanRequest


class Record(BaseModel, defer_build=True):
    """Something that is told as it is. Immutable."""

    model_config = ConfigDict(frozen=True)


class RiskFactor(Record):
    """One reason for a score: `points` of 100."""

    name: str
    points: int
    reason: str


class PhaseRisk(Record):
    """The sum of the factors, at most 100: below 25 low, below 50 medium, below 75 high."""

    score: int = 0
    level: ImpactLevel = "low"
    factors: list[RiskFactor] = Field(default_factory=list)


class FileChange(Record):
    """A file that a rendered commit changes; `added` and `removed` count lines, null for binary."""

    path: str
    status: str
    """As git writes it: A added, M modified, D deleted, T changed in type."""
    added: int | None
    removed: int | None


class GateEvidence(Record):
    """What gates said of one repository's tree. `validation_id` has the details."""

    repository_id: str
    gate_type: str
    gate: str | None = None
    commit: str
    validation_id: str
    status: str
    passed: bool
    reason: str


class Rendering(Record):
    """What the change comes to in one repository, before anything is published.

    `base_*` is where the target branch stood, `commit` and `tree` what was made on it (empty when
    nothing changed or there was nothing to render). `unverified` are the reasons, a sentence each,
    why the tree was not looked at together with the earlier phases' trees.
    """

    repository_id: str
    phase: int
    branch: str
    base_commit: str
    base_tree: str
    commit: str = ""
    tree: str = ""
    status: RenderStatus
    reason: str = ""
    verification: Verification = "resolved"
    unverified: list[str] = Field(default_factory=list)
    files: list[FileChange] = Field(default_factory=list)
    gates: list[GateEvidence] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)


class Step(Record):
    """One effect on the outside. `position` orders the steps of a plan, within a phase by
    repository. `marker` is written into what is made, and found there before a retry.

    `undo` says what undoing it means; `reversible` whether it can be undone without anybody's help.
    """

    position: int
    phase: int
    repository_id: str
    kind: StepKind
    title: str
    marker: str
    reversible: bool
    undo: str
    status: StepStatus = "pending"
    attempt: int = 0
    failure_kind: FailureKind | None = None
    reason: str = ""
    pre_image: dict[str, JsonValue] | None = None
    result: dict[str, JsonValue] | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Phase(Record):
    """Repositories that are changed together, once all earlier phases are done. Counted from 1."""

    number: int
    repositories: list[str]
    allow_parallel: bool
    quality_gates: list[str]
    risk: PhaseRisk
    estimated_seconds: float | None = None
    warning: str | None = None
    status: PhaseStatus = "pending"
    reason: str = ""
    evidence: list[GateEvidence] = Field(default_factory=list)
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Goal(Record):
    """What a plan is to do next, until which phase; `validate` asks the gates after each."""

    action: GoalAction
    first: int
    last: int
    validate_phases: bool = True
    parallel: bool = True
    servers: list[str] = Field(default_factory=list)
    quality_gates: list[str] | None = None
    """In place of the phase's own."""


class Inputs(Record):
    """Everything that a plan was made of, as digests: the plan's hash is over these.

    `commits` are the target branches' by repository, `trees` the rendered ones. `graph` is over
    `links`: the runtime needs among the plan's repositories, consumer first, also through others.
    `gates` are over the definitions that would be asked, by repository, `pipelines` over the
    definitions that would run, `templates` over what is applied.
    """

    request: str
    commits: dict[str, str]
    trees: dict[str, str]
    graph: str
    gates: dict[str, str]
    links: list[tuple[str, str]] = Field(default_factory=list)
    pipelines: dict[str, str] = Field(default_factory=dict)
    templates: dict[str, str] = Field(default_factory=dict)


class Approval(Record):
    """Somebody agreed to the plan with exactly this hash.

    `unprotected`: whoever asked for the plan may have given it: it was asked for, or approved, by
    the user of this machine, who can make tokens.
    """

    plan_id: str
    hash: str
    approved_by: str
    unprotected: bool
    comment: str
    created_at: datetime


class LedgerEntry(Record):
    """One line of a plan's journal: written before and after each effect, never changed."""

    seq: int
    plan_id: str
    position: int
    entry: LedgerEntryKind
    data: dict[str, JsonValue]
    created_at: datetime


class PlanSummary(Record):
    """A plan as it stands in lists."""

    id: str
    title: str
    change: str
    status: PlanStatus
    hash: str
    requested_by: str
    repositories: int
    phases: int
    needs_approval: bool
    approved: bool
    reason: str = ""
    created_at: datetime
    updated_at: datetime


class Plan(Record):
    """A plan as it is kept, whole.

    `point_of_no_return` is the first phase after which not everything can be undone, null when all
    can. `reason` says why it is held, or how it ended.
    """

    id: str
    title: str
    request: PlanRequest
    requested_by: str
    status: PlanStatus
    hash: str
    inputs: Inputs
    needs_approval: bool
    approvals: list[Approval] = Field(default_factory=list)
    phases: list[Phase]
    renderings: list[Rendering]
    steps: list[Step]
    point_of_no_return: int | None = None
    estimated_seconds: float | None = None
    notes: list[str] = Field(default_factory=list)
    reason: str = ""
    goal: Goal | None = None
    cancel_requested: bool = False
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None

    @property
    def approved(self) -> bool:
        """Whether somebody agreed to the plan as it is."""
        return any(one.hash == self.hash for one in self.approvals)

    def phase(self, number: int) -> Phase:
        """The phase of that number. Raises KeyError."""
        return {one.number: one for one in self.phases}[number]

    def rendering(self, repository_id: str) -> Rendering:
        """What the change comes to in a repository. Raises KeyError."""
        return {one.repository_id: one for one in self.renderings}[repository_id]

    def steps_of(self, phase: int) -> list[Step]:
        """The steps of a phase, in order."""
        return [one for one in self.steps if one.phase == phase]


class ReplayDifference(Record):
    """Something that is not as recorded. `subject` is a repository, or the plan's id."""

    subject: str
    what: str
    recorded: str
    replayed: str


class ReplayReport(Record):
    """Whether a plan comes to what was recorded. `repositories` counts those that were compared."""

    plan_id: str
    ok: bool
    repositories: int
    differences: list[ReplayDifference]


class Patch(NamedTuple):
    """A rendered diff: unified text, and whether it was cut at the limit."""

    text: str
    truncated: bool
