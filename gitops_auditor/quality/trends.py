"""How validations went day by day. Pure; the order of the rows does not matter."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from gitops_auditor.formats.findings import SEVERITIES, Severity
from gitops_auditor.quality.trend_models import (
    QualityTrends,
    RepositoryTrend,
    ResultRow,
    TrendDay,
    ValidationRow,
)
from gitops_auditor.quality.verdict_counts import mean_score, quantile, verdict_counts

Row = TypeVar("Row", ValidationRow, ResultRow)


def trends(
    validations: Iterable[ValidationRow],
    results: Iterable[ResultRow],
    last: date,
    days: int,
    *,
    by_repository: bool = False,
) -> QualityTrends:
    """The `days` days of UTC up to and with `last`; rows of other days are left out.

    `by_repository` adds the days of each repository that had any of these rows, by id.
    """
    first = last - timedelta(days=days - 1)
    calendar = [first + timedelta(days=number) for number in range(days)]
    found = [one for one in validations if first <= day_of(one.executed_at) <= last]
    kept = [row for row in results if first <= day_of(row.executed_at) <= last]
    return QualityTrends(
        first=first,
        last=last,
        days=_days(calendar, found, kept),
        repositories=_repositories(calendar, found, kept) if by_repository else [],
    )


def day_of(moment: datetime) -> date:
    """The day of UTC that a moment belongs to."""
    return moment.astimezone(UTC).date()


def _repositories(
    calendar: Sequence[date], found: Iterable[ValidationRow], kept: Iterable[ResultRow]
) -> list[RepositoryTrend]:
    theirs: defaultdict[str, list[ValidationRow]] = defaultdict(list)
    for one in found:
        theirs[one.repository_id].append(one)
    rows: defaultdict[str, list[ResultRow]] = defaultdict(list)
    for row in kept:
        rows[row.repository_id].append(row)
    return [
        RepositoryTrend(repository_id=name, days=_days(calendar, theirs[name], rows[name]))
        for name in sorted({*theirs, *rows})
    ]


def _days(
    calendar: Sequence[date], found: Iterable[ValidationRow], kept: Iterable[ResultRow]
) -> list[TrendDay]:
    validations, results = _by_day(found), _by_day(kept)
    latest: dict[tuple[str, str], ResultRow] = {}
    days = []
    for day in calendar:
        for row in sorted(
            results.get(day, ()), key=lambda row: (row.executed_at, row.validation_id)
        ):
            latest[row.repository_id, row.gate_id] = row
        days.append(_day(day, validations.get(day, ()), _standing(latest.values())))
    return days


def _age(row: ResultRow) -> tuple[datetime, str]:
    return row.executed_at, row.validation_id


def _by_day(rows: Iterable[Row]) -> Mapping[date, Sequence[Row]]:
    grouped: defaultdict[date, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[day_of(row.executed_at)].append(row)
    return grouped


def _day(day: date, found: Sequence[ValidationRow], findings: dict[Severity, int]) -> TrendDay:
    seconds = [one.duration_seconds for one in found if one.status != "skipped"]
    return TrendDay(
        **verdict_counts(found).model_dump(),
        day=day,
        score=mean_score(found),
        findings=findings,
        seconds_median=quantile(seconds, 0.5),
        seconds_p95=quantile(seconds, 0.95),
    )


def _standing(latest: Iterable[ResultRow]) -> dict[Severity, int]:
    """What the last answers of all gates have found, also those of days before."""
    total: Counter[Severity] = Counter()
    for row in latest:
        total.update(row.counts)
    return {severity: total[severity] for severity in SEVERITIES if total[severity]}
