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
    ValidationRow,
)
from gitops_auditor.quality.verdict_counts import mean_score, quantile, verdict_counts

LONGEST_LIST: Final = 10


def summarise(
    validations: Iterable[ValidationRow],
    results: Iterable[ResultRow],
    findings: Iterable[FindingCount],
    since: datetime,
    until: datetime,
    *,
    longest: int = LONGEST_LIST,
) -> QualitySummary:
    """The summary of the period from `since` to before `until`.

    Validations of as long a time before it give the score before; all other rows are left out.
    `findings` are those of the period's results. Each list has at most `longest`
    entries.
    """
    known = list(validations)
    found = [one for one in known if since <= one.executed_at < until]
    before = [one for one in known if since - (until - since) <= one.executed_at < since]
    period = [row for row in results if since <= row.executed_at < until]
    gates = _gates(period)
    counts = verdict_counts(found)
    return QualitySummary(
        **counts.model_dump(),
        since=since,
        until=until,
        repositories=len({one.repository_id for one in found}),
        pass_percent=counts.pass_rate,
        score=mean_score(found),
        score_before=mean_score(before),
        worst_repositories=_worst(found)[:longest],
        failing_rules=_rules(findings)[:longest],
        slowest_gates=_slowest(gates)[:longest],
        erring_gates=_erring(gates)[:longest],
        overrides=sum(row.overridden for row in period),
    )


def repository_summaries(validations: Iterable[ValidationRow]) -> list[RepositorySummary]:
    """One entry a repository, by id."""
    groups: defaultdict[str, list[ValidationRow]] = defaultdict(list)
    for one in validations:
        groups[one.repository_id].append(one)
    return [_repository(name, groups[name]) for name in sorted(groups)]


def _repository(name: str, group: Sequence[ValidationRow]) -> RepositorySummary:
    last = max(group, key=lambda one: (one.executed_at, one.id))
    return RepositorySummary(
        **verdict_counts(group).model_dump(),
        repository_id=name,
        score=mean_score(group),
        last_status=last.status,
        last_at=last.executed_at,
    )


def _worst(found: Iterable[ValidationRow]) -> list[RepositorySummary]:
    every = repository_summaries(found)
    return sorted((one for one in every if one.warning + one.failed + one.error), key=_badness)


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
    seconds = [row.duration_seconds for row in rows if not row.cached and row.status != "skipped"]
    repositories = {row.repository_id for row in rows}
    return GateSummary(
        gate_id=last.gate_id,
        repository_id=last.repository_id if len(repositories) == 1 else "",
        gate=last.gate,
        gate_type=last.gate_type,
        results=len(rows),
        failed=sum(row.status in {"failed", "warning"} for row in rows),
        errors=sum(row.status == "error" for row in rows),
        overridden=sum(row.overridden for row in rows),
        seconds_median=quantile(seconds, 0.5),
        seconds_p95=quantile(seconds, 0.95),
    )


def _slowest(gates: Iterable[GateSummary]) -> list[GateSummary]:
    timed = [gate for gate in gates if gate.seconds_p95 is not None]
    return sorted(timed, key=lambda gate: (-(gate.seconds_p95 or 0.0), gate.gate, gate.gate_id))


def _erring(gates: Iterable[GateSummary]) -> list[GateSummary]:
    broken = [gate for gate in gates if gate.errors]
    return sorted(broken, key=lambda gate: (-gate.errors, gate.gate, gate.gate_id))
