"""Carries out the jobs of pipelines that ask quality gates."""

from collections.abc import Iterator
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.errors import GitOpsError, NotFound, TimedOut
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.quality.assembly import QualityServices
from gitops_auditor.quality.gate import GATE_TYPES, GateType
from gitops_auditor.quality.requests import ValidationRequest
from gitops_auditor.quality.results import GateResult, QualityReport

MOST_FINDINGS: Final = 50
MOST_REASON: Final = 500
_FIRST: Final[GateType] = "pre_merge"
_FAILURES: Final[dict[str, FailureKind]] = {"failed": "failed", "error": "errored"}


class GateJobs:
    """The handler of `gate` jobs: a gate's name, or a type for all gates of it.

    What is looked at is the commit of the run as it was committed, whatever its jobs changed.
    """

    def __init__(self, quality: QualityServices, audit: Audit) -> None:
        self._quality = quality
        self._audit = audit

    async def run(self, attempt: Attempt) -> Outcome:
        """Ask the gates. What is required and fails, or cannot look, fails the job."""
        try:
            report = await self._asked(attempt)
        except GitOpsError as error:
            attempt.log.write(f"{error}\n".encode())
            kind: FailureKind = "timeout" if isinstance(error, TimedOut) else "errored"
            return Outcome(kind, error.message[:MOST_REASON])
        attempt.log.write("".join(f"{line}\n" for line in _lines(report)).encode())
        metrics = {"validation_id": report.id, "score": report.score, "gates": len(report.gates)}
        is_off = report.enforcement == "off"
        if report.passed or is_off:
            return Outcome(metrics=metrics)
        failure = _FAILURES.get(report.status, "errored")
        return Outcome(failure, report.reason[:MOST_REASON], metrics=metrics)

    async def _asked(self, attempt: Attempt) -> QualityReport:
        name = attempt.job.job.gate or ""
        named = [one for one in GATE_TYPES if one == name.lower().replace("-", "_")]
        facts = {"run_id": attempt.run_id, "repository_id": attempt.repository_id, "gate": name}
        actor = f"pipeline run {attempt.run_id}"
        async with self._audit.operation(actor, "validate_quality", facts):
            if named:
                return await self._validated(attempt, named[0], None, actor)
            return await self._of_any_type(attempt, name, actor)

    async def _of_any_type(self, attempt: Attempt, gate: str, actor: str) -> QualityReport:
        missing: NotFound | None = None
        for gate_type in sorted(GATE_TYPES, key=lambda one: one != _FIRST):
            try:
                return await self._validated(attempt, gate_type, gate, actor)
            except NotFound as unknown:
                missing = missing or unknown
        raise missing or NotFound(f"There is no gate {gate}.", hint="Define it.")

    async def _validated(
        self, attempt: Attempt, gate_type: GateType, gate: str | None, actor: str
    ) -> QualityReport:
        request = ValidationRequest(
            attempt.repository_id,
            gate_type,
            attempt.workspace.commit,
            gate,
            run_id=attempt.run_id,
        )
        return await self._quality.validator.validate(request, actor, _untold)


async def _untold(_done: float, _total: float | None, _message: str) -> None:
    """The log of the job tells at the end."""


def _lines(report: QualityReport) -> Iterator[str]:
    yield report.reason
    yield from report.notes
    for gate in report.gates:
        yield from _lines_of(gate)


def _lines_of(gate: GateResult) -> Iterator[str]:
    yield f"{gate.status}: {gate.gate}{f' - {gate.reason}' if gate.reason else ''}"
    for one in gate.findings[:MOST_FINDINGS]:
        place = ":".join(str(part) for part in (one.file, one.line, one.column) if part)
        yield f"{place}: {one.severity}: {one.message} [{one.tool} {one.rule}]"
    left_out = len(gate.findings) - MOST_FINDINGS
    if left_out > 0:
        yield f"and {left_out} more"
    if gate.fix and gate.status != "passed":
        yield f"What to do: {gate.fix}"
