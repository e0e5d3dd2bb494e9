"""What a validation amounts to, as short as whoever asked can use it."""

from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import GateResult, GateStatus, QualityReport, Record


class Problem(Record):
    """A finding in short. `place` is file:line:column as far as it is known; `fix` what to do."""

    severity: Severity
    place: str
    rule: str
    message: str
    fix: str


class GateVerdict(Record):
    """What one gate said. `problems` are the worst; `explain_gate` has more of `result_id`."""

    result_id: str
    gate: str
    status: GateStatus
    required: bool
    reason: str
    fix: str
    problems: list[Problem]


class QualityVerdict(Record):
    """Whether a commit may go on. `score` is from 0 to 100, null when nothing looked."""

    id: str
    repository_id: str
    gate_type: GateType
    commit: str
    status: GateStatus
    passed: bool
    reason: str
    score: float | None
    gates: list[GateVerdict]
    notes: list[str]


def verdict_of(report: QualityReport, findings: int) -> QualityVerdict:
    """The report in short, with that many findings of each gate at most."""
    return QualityVerdict(
        id=report.id,
        repository_id=report.repository_id,
        gate_type=report.gate_type,
        commit=report.commit,
        status=report.status,
        passed=report.passed,
        reason=report.reason,
        score=report.score,
        gates=[_gate(one, findings) for one in report.gates],
        notes=report.notes,
    )


def _gate(result: GateResult, findings: int) -> GateVerdict:
    return GateVerdict(
        result_id=result.id,
        gate=result.gate,
        status=result.status,
        required=result.required,
        reason=result.reason,
        fix=result.fix,
        problems=[_problem(one) for one in result.findings[:findings]],
    )


def _problem(finding: Finding) -> Problem:
    parts = (finding.file, finding.line, finding.column)
    return Problem(
        severity=finding.severity,
        place=":".join(str(part) for part in parts if part),
        rule=f"{finding.tool} {finding.rule}",
        message=finding.message,
        fix=finding.fix,
    )
