"""What a period of validations amounts to. Pure; the order of the rows does not matter."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from gitops_auditor.formats.findings import SEVERITIES
from gitops_auditor.quality.trend_models import (
    FindingCount,
    GateSummary,
    QualitySummary,
    RepositorySummary,
    ResultRow,
    RuleSummary,
)
from gitops_auditor.quality.verdict_counts import (
    Validation,
    mean_score,
    measured_seconds,
    quantile,
    validations,
    verdict_counts,
)

LONGEST_LIST: Final = 10


def summarise(
    rows: Iterable[ResultRow],
    findings: Iterable[FindingCount],
    since: datetime,
    until: datetime,
    *,
    longest: int = LONGEST_LIST,
) -> QualitySummary:
    """The summary of the period from `since` to before `until`.

    Rows of as long a time before it give the score before; others are left out. `findings` are
    those of the period's results that did not pass. Each list has at most `longest` entries.
    """
    known = list(rows)
    period = [row for row in known if since <= row.executed_at < until]
    before = [row for row in known if since - (until - since) <= row.executed_at < since]
    found = validations(period)
    gates = _gates(period)
    counts = verdict_counts(found)
    return QualitySummary(
        **counts.model_dump(),
        since=since,
        until=until,
        repositories=len({row.repository_id for row in period}),
        pass_percent=counts.pass_rate,
        score=mean_score(found),
        score_before=mean_score(validations(before)),
        worst_repositories=_worst(found)[:longest],
        failing_rules=_rules(findings)[:longest],
        slowest_gates=sorted(
            (gate for gate in gates if gate.seconds_p95 is not None), key=_slowness
        )[:longest],
        erring_gates=sorted(
            (gate for gate in gates if gate.errors),
            key=lambda gate: (-gate.errors, gate.gate, gate.gate_id),
        )[:longest],
        overrides=sum(row.overridden for row in period),
    )


def repository_summaries(found: Sequence[Validation]) -> list[RepositorySummary]:
    """One entry a repository, by id. `found` is oldest first, as `validations` gives it."""
    groups: defaultdict[str, list[Validation]] = defaultdict(list)
    for one in found:
        groups[one.repository_id].append(one)
    return [_repository(name, groups[name]) for name in sorted(groups)]


def _repository(name: str, group: Sequence[Validation]) -> RepositorySummary:
    return RepositorySummary(
        **verdict_counts(group).model_dump(),
        repository_id=name,
        score=mean_score(group),
        last_status=group[-1].status,
        last_at=group[-1].executed_at,
    )


def _worst(found: Sequence[Validation]) -> list[RepositorySummary]:
    every = repository_summaries(found)
    return sorted((one for one in every if one.passed < one.validations), key=_badness)


def _badness(one: RepositorySummary) -> tuple[float, float, str]:
    score = 100.0 if one.score is None else one.score
    return -(one.failed + one.error) / one.validations, score, one.repository_id


def _rules(findings: Iterable[FindingCount]) -> list[RuleSummary]:
    counts: Counter[tuple[str, str, int]] = Counter()
    for one in findings:
        counts[one.tool, one.rule, SEVERITIES.index(one.severity)] += one.count
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0][2], entry[0]))
    return [
        RuleSummary(tool=tool, rule=rule, severity=SEVERITIES[severity], count=count)
        for (tool, rule, severity), count in ordered
    ]


def _gates(period: Iterable[ResultRow]) -> list[GateSummary]:
    groups: defaultdict[str, list[ResultRow]] = defaultdict(list)
    for row in period:
        groups[row.gate_id].append(row)
    return [_gate(rows) for rows in groups.values()]


def _gate(rows: Sequence[ResultRow]) -> GateSummary:
    last = max(rows, key=lambda row: (row.executed_at, row.validation_id, row.gate))
    seconds = measured_seconds(rows)
    broken = [row for row in rows if row.status != "error"]
    return GateSummary(
        gate_id=last.gate_id,
        gate=last.gate,
        gate_type=last.gate_type,
        results=len(rows),
        failed=sum(row.status in {"failed", "warning"} for row in broken),
        errors=len(rows) - len(broken),
        overridden=sum(row.overridden for row in rows),
        seconds_median=quantile(seconds, 0.5),
        seconds_p95=quantile(seconds, 0.95),
    )


def _slowness(gate: GateSummary) -> tuple[float, str, str]:
    return -(gate.seconds_p95 or 0.0), gate.gate, gate.gate_id
