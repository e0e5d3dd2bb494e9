"""What is kept and told of validations: one result a gate, and the verdict of all together."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.formats.findings import Finding, Severity, ToolReport
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.gate_rules import GateKind

GateStatus = Literal["passed", "failed", "warning", "skipped", "error"]
"""`warning`: it failed or errored, and is not required. `error`: it could not look."""

Enforcement = Literal["strict", "warn", "off"]
Figure = float | int | str | bool | None


class Record(BaseModel, defer_build=True):
    """Something that is told as it is. Immutable."""

    model_config = ConfigDict(frozen=True)


class Override(Record):
    """Somebody let a failed gate pass for one tree, and said why."""

    id: str
    repository_id: str
    gate_id: str
    tree: str
    reason: str
    created_by: str
    created_at: datetime


class GateResult(Record):
    """How one gate answered for one commit.

    `score` is from 0 to 100, None when it could not look. `findings` are the worst ones, at most
    as many as were asked for; `counts` has all, by severity. `new` are those that the base does not
    have, None without a base. `cached_from` is the result that was reused. `digest` is that of the
    gate's definition. `fix` says what to do next.
    """

    id: str
    validation_id: str
    repository_id: str
    gate_id: str
    gate: str
    gate_type: GateType
    kind: GateKind
    status: GateStatus
    required: bool
    reason: str = ""
    fix: str = ""
    score: float | None = None
    counts: dict[Severity, int] = Field(default_factory=dict)
    new: int | None = None
    findings: list[Finding] = Field(default_factory=list)
    tools: list[ToolReport] = Field(default_factory=list)
    metrics: dict[str, Figure] = Field(default_factory=dict)
    duration_seconds: float = 0.0
    cached_from: str | None = None
    commit: str
    tree: str
    digest: str
    run_id: str | None = None
    override: Override | None = None
    executed_at: datetime


class QualityReport(Record):
    """The verdict on one commit, and the answer of each gate.

    `passed` is true when nothing that is required failed, errored or was not looked at.
    `files` are the changed files that were looked at, None for all of the repository.
    """

    id: str
    repository_id: str
    gate_type: GateType
    ref: str
    commit: str
    tree: str
    base: str | None = None
    files: list[str] | None = None
    enforcement: Enforcement
    status: GateStatus
    passed: bool
    reason: str
    score: float | None = None
    gates: list[GateResult]
    notes: list[str] = Field(default_factory=list)
    executed_at: datetime
    duration_seconds: float
