"""From what gates said to the results that are kept, and the report of all together."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.findings import SEVERITIES, Severity, ToolReport, counted
from gitops_auditor.identity import new_id
from gitops_auditor.quality.advice import advised, gate_advice
from gitops_auditor.quality.asking import Answer
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.requests import Selection
from gitops_auditor.quality.results import Enforcement, Figure, GateResult, Override, QualityReport
from gitops_auditor.quality.score import Scored, gate_score, report_score
from gitops_auditor.quality.verdicts import (
    PhaseVerdict,
    Standing,
    gate_status,
    is_required,
    phase_verdict,
)


class About(NamedTuple):
    """What a validation is about. `began` is of the monotonic clock."""

    validation_id: str
    repository_id: str
    gate_type: GateType
    ref: str
    commit: str
    tree: str
    base: str | None
    files: tuple[str, ...] | None
    run_id: str | None
    enforcement: Enforcement
    began: float
    executed_at: datetime


def gate_result(about: About, answer: Answer, override: Override | None) -> GateResult:
    """What one gate said, with what it amounts to."""
    stored, gate, evidence = answer.asked.stored, answer.asked.gate, answer.evidence
    worst_first = sorted(evidence.findings, key=lambda one: SEVERITIES.index(one.severity))
    counts = _counts(answer)
    required = is_required(gate.required, about.enforcement)
    return GateResult(
        id=new_id(),
        validation_id=about.validation_id,
        repository_id=about.repository_id,
        gate_id=stored.id,
        gate=gate.name,
        gate_type=about.gate_type,
        kind=gate.kind,
        status=gate_status(gate.required, about.enforcement, evidence.verdict, override),
        required=required,
        reason=evidence.reason,
        fix=evidence.fix or gate.fix or gate_advice(gate, evidence),
        score=gate_score(Scored(evidence.verdict, counts, required)),
        counts=counts,
        new=answer.new,
        findings=[advised(one) for one in worst_first],
        tools=[_advised_report(one) for one in evidence.tools],
        metrics=dict(_figures(evidence.metrics)),
        duration_seconds=round(answer.seconds, 3),
        cached_from=answer.reused.id if answer.reused else None,
        commit=about.commit,
        tree=about.tree,
        digest=stored.digest,
        run_id=about.run_id,
        override=override if evidence.verdict in ("failed", "error") else None,
        executed_at=about.executed_at,
    )


def _advised_report(report: ToolReport) -> ToolReport:
    return report.model_copy(update={"findings": tuple(map(advised, report.findings))})


def report_of(
    about: About, selection: Selection, answers: Sequence[Answer], results: Sequence[GateResult]
) -> QualityReport:
    """The verdict of all gates together."""
    verdict = _verdict(about, selection, results)
    scored = [
        Scored(answer.evidence.verdict, result.counts, result.required)
        for answer, result in zip(answers, results, strict=True)
    ]
    return QualityReport(
        id=about.validation_id,
        repository_id=about.repository_id,
        gate_type=about.gate_type,
        ref=about.ref,
        commit=about.commit,
        tree=about.tree,
        base=about.base,
        files=None if about.files is None else list(about.files),
        enforcement=about.enforcement,
        status=verdict.status,
        passed=verdict.passed,
        reason=verdict.reason,
        score=None if selection.problems else report_score(scored),
        gates=list(results),
        notes=[*selection.problems, *selection.notes],
        executed_at=about.executed_at,
        duration_seconds=round(time.monotonic() - about.began, 3),
    )


def _verdict(about: About, selection: Selection, results: Sequence[GateResult]) -> PhaseVerdict:
    if selection.problems:
        reason = f"The gates of the repository cannot be read. {selection.problems[0]}"
        return PhaseVerdict("error", False, reason)
    standings = [Standing(one.gate, one.status) for one in results]
    return phase_verdict(about.gate_type, standings, about.enforcement)


def _counts(answer: Answer) -> dict[Severity, int]:
    """Of all findings, also of those that were not kept; only of new ones where they count."""
    if answer.reused is not None:
        return answer.reused.counts
    if answer.new is not None or not answer.evidence.tools:
        return counted(answer.evidence.findings)
    found: Counter[Severity] = Counter()
    for tool in answer.evidence.tools:
        found.update(tool.counts)
    return {severity: found[severity] for severity in SEVERITIES if found[severity]}


def _figures(metrics: Mapping[str, JsonValue], above: str = "") -> Iterator[tuple[str, Figure]]:
    """The plain values; what is nested is named by its path, and lists are joined."""
    for key, value in metrics.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _figures(value, f"{name}.")
        elif isinstance(value, list):
            yield name, ", ".join(map(str, value))
        else:
            yield name, value
