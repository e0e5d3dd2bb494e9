"""The sections of a report that trends give: charts, and a line for each repository. Pure."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Final

from gitops_auditor.formats.findings import SEVERITIES
from gitops_auditor.quality.reports.document import (
    Cell,
    Chart,
    Column,
    Section,
    Series,
    Table,
    Tone,
)
from gitops_auditor.quality.reports.wording import (
    count,
    day,
    legible,
    score,
    seconds,
    several,
)
from gitops_auditor.quality.trend_models import QualityTrends, RepositoryTrend, TrendDay

_VERDICTS: Final[tuple[tuple[str, Tone, Callable[[TrendDay], int]], ...]] = (
    ("Passed", "passed", lambda one: one.passed),
    ("Warning", "warning", lambda one: one.warning),
    ("Failed", "failed", lambda one: one.failed),
    ("Error", "error", lambda one: one.error),
    ("Skipped", "skipped", lambda one: one.skipped),
)
_STEPS: Final = (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)


def charts(trends: QualityTrends) -> list[Section]:
    """The charts over all repositories."""
    blocks = (_scores(trends), _verdicts(trends), _findings(trends), _durations(trends))
    return [Section(f"Trends over {several(len(trends.days), 'day')}", blocks)]


def repositories(trends: QualityTrends) -> list[Section]:
    """A table with a line for each repository, when the trends have repositories."""
    return [Section("Every repository", (_repositories(trends),))] if trends.repositories else []


def ceiling(highest: float) -> float:
    """The least round number that is not below `highest`, and at least 4."""
    wanted = max(highest, 4.0)
    magnitude = 10.0 ** math.floor(math.log10(wanted))
    return next(step * magnitude for step in _STEPS if step * magnitude >= wanted)


def _chart_days(trends: QualityTrends) -> tuple[str, ...]:
    return tuple(day(one.day) for one in trends.days)


def _scores(trends: QualityTrends) -> Chart:
    values = tuple(one.score for one in trends.days)
    return Chart(
        title="Mean score a day",
        shape="line",
        days=_chart_days(trends),
        series=(Series("Score", "accent", values),),
        ceiling=100.0,
        summary=_range(values, score),
        empty="No validation of these days had a score.",
    )


def _range(values: Sequence[float | None], word: Callable[[float | None], str]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    gaps = len(values) - len(known)
    if len(known) == 1:
        return f"{word(known[0])} on the only day with a value."
    ends = f"From {word(known[0])} to {word(known[-1])}"
    text = f"{ends}; lowest {word(min(known))}, highest {word(max(known))}."
    return f"{text} {several(gaps, 'day')} without a value." if gaps else text


def _verdicts(trends: QualityTrends) -> Chart:
    series = tuple(
        Series(name, tone, tuple(float(value(one)) for one in trends.days))
        for name, tone, value in _VERDICTS
    )
    return _stacked(
        "Validations a day by verdict",
        trends,
        series,
        "Nothing was validated on these days.",
    )


def _findings(trends: QualityTrends) -> Chart:
    series = tuple(
        Series(
            severity.capitalize(),
            severity,
            tuple(float(one.findings.get(severity, 0)) for one in trends.days),
        )
        for severity in SEVERITIES
    )
    return _stacked(
        "Findings at the end of a day by severity",
        trends,
        series,
        "No gate of these days found anything.",
        of_last_day=True,
    )


def _stacked(
    title: str,
    trends: QualityTrends,
    series: tuple[Series, ...],
    empty: str,
    *,
    of_last_day: bool = False,
) -> Chart:
    heights = [sum(value or 0.0 for value in values) for values in _columns(series)]
    return Chart(
        title=title,
        shape="bars",
        days=_chart_days(trends),
        series=series,
        ceiling=ceiling(max(heights, default=0.0)),
        summary=_last(series) if of_last_day else _totals(series),
        empty=empty,
    )


def _columns(series: Iterable[Series]) -> Iterable[tuple[float | None, ...]]:
    return zip(*(one.values for one in series), strict=True)


def _totals(series: Iterable[Series]) -> str:
    sums = ((one.name.lower(), int(sum(value or 0.0 for value in one.values))) for one in series)
    return "In all: " + ", ".join(f"{count(total)} {name}" for name, total in sums) + "."


def _last(series: Sequence[Series]) -> str:
    columns = [values for values in _columns(series) if any(values)]
    if not columns:
        return ""
    named = zip(series, columns[-1], strict=True)
    parts = (f"{count(int(value or 0))} {one.name.lower()}" for one, value in named)
    return "On the last day with findings: " + ", ".join(parts) + "."


def _durations(trends: QualityTrends) -> Chart:
    median = tuple(one.seconds_median for one in trends.days)
    slow = tuple(one.seconds_p95 for one in trends.days)
    known = [value for value in slow if value is not None]
    text = _range(median, seconds)
    return Chart(
        title="Seconds of a validation",
        shape="line",
        days=_chart_days(trends),
        series=(Series("95 % within", "soft", slow), Series("Median", "accent", median)),
        ceiling=ceiling(max(known, default=0.0)),
        summary=f"Median: {text[0].lower()}{text[1:]}" if text else "",
        empty="No validation of these days looked at anything.",
        unit="s",
    )


def _repositories(trends: QualityTrends) -> Table:
    floor = _floor(trends)
    return Table(
        "",
        (
            Column("Repository", "name", share=3),
            Column("Score by day", "spark", share=2),
            Column("Mean", "number"),
            Column("Validations", "number"),
            Column("Failed", "number"),
            Column("Errors", "number"),
        ),
        tuple(_repository(one, floor) for one in trends.repositories),
        empty="No repository was validated on these days.",
        note=f"The line runs from {floor:.0f} to 100; a gap is a time without a score.",
    )


def _floor(trends: QualityTrends) -> float:
    """The ten below the lowest score of all repositories, so that lines can be compared."""
    known = [day.score for one in trends.repositories for day in one.days if day.score is not None]
    return min(math.floor(min(known, default=0.0) / 10) * 10.0, 90.0)


def _repository(one: RepositoryTrend, floor: float) -> tuple[Cell, ...]:
    values = tuple(entry.score for entry in one.days)
    known = [value for value in values if value is not None]
    scaled = (None if value is None else (value - floor) / (100 - floor) * 100 for value in values)
    errors = sum(entry.error for entry in one.days)
    return (
        Cell(legible(one.repository_id)),
        Cell(_range(values, score), "accent", tuple(scaled)),
        Cell(score(fmean(known) if known else None)),
        Cell(count(sum(entry.validations for entry in one.days))),
        Cell(count(sum(entry.failed for entry in one.days))),
        Cell(count(errors), "error" if errors else "plain"),
    )
