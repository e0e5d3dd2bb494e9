"""How validations went day by day. Pure; the order of the rows does not matter."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from gitops_auditor.formats.findings import SEVERITIES, Severity
from gitops_auditor.quality.trend_models import (
    QualityTrends,
    RepositoryTrend,
    ResultRow,
    TrendDay,
)
from gitops_auditor.quality.verdict_counts import (
    Validation,
    mean_score,
    measured_seconds,
    quantile,
    validations,
    verdict_counts,
)


def trends(
    rows: Iterable[ResultRow], last: date, days: int, *, by_repository: bool = False
) -> QualityTrends:
    """The `days` days of UTC up to and with `last`; rows of other days are left out.

    A validation counts for the day of its last result. `by_repository` adds the days of each
    repository that had a validation, by id.
    """
    first = last - timedelta(days=days - 1)
    ended = _ends(rows)
    kept = [(day, row) for day, row in ended if first <= day <= last]
    calendar = [first + timedelta(days=number) for number in range(days)]
    return QualityTrends(
        first=first,
        last=last,
        days=_days(calendar, kept),
        repositories=_repositories(calendar, kept) if by_repository else [],
    )


Dated = tuple[date, ResultRow]


def day_of(moment: datetime) -> date:
    """The day of UTC that a moment belongs to."""
    return moment.astimezone(UTC).date()


def _ends(rows: Iterable[ResultRow]) -> list[Dated]:
    """Each row with the day on which its validation ended."""
    known = list(rows)
    ends = {(one.id, one.repository_id): day_of(one.executed_at) for one in validations(known)}
    return [(ends[row.validation_id, row.repository_id], row) for row in known]


def _repositories(calendar: Sequence[date], dated: Iterable[Dated]) -> list[RepositoryTrend]:
    groups: defaultdict[str, list[Dated]] = defaultdict(list)
    for day, row in dated:
        groups[row.repository_id].append((day, row))
    return [
        RepositoryTrend(repository_id=name, days=_days(calendar, groups[name]))
        for name in sorted(groups)
    ]


def _days(calendar: Sequence[date], dated: Iterable[Dated]) -> list[TrendDay]:
    by_day: defaultdict[date, list[ResultRow]] = defaultdict(list)
    for day, row in dated:
        by_day[day].append(row)
    return [_day(day, by_day.get(day, [])) for day in calendar]


def _day(day: date, rows: Sequence[ResultRow]) -> TrendDay:
    if not rows:
        return TrendDay(day=day)
    found: list[Validation] = validations(rows)
    seconds = measured_seconds(rows)
    return TrendDay(
        **verdict_counts(found).model_dump(),
        day=day,
        score=mean_score(found),
        findings=_standing(rows),
        seconds_median=quantile(seconds, 0.5),
        seconds_p95=quantile(seconds, 0.95),
    )


def _standing(rows: Iterable[ResultRow]) -> dict[Severity, int]:
    latest: dict[tuple[str, str], ResultRow] = {}
    for row in sorted(rows, key=_recency):
        latest[row.repository_id, row.gate_id] = row
    total: Counter[Severity] = Counter()
    for row in latest.values():
        total.update(_known(row.counts))
    return {severity: total[severity] for severity in SEVERITIES if total[severity]}


def _recency(row: ResultRow) -> tuple[datetime, str]:
    return row.executed_at, row.validation_id


def _known(counts: Mapping[Severity, int]) -> dict[Severity, int]:
    return {severity: counts.get(severity, 0) for severity in SEVERITIES}
