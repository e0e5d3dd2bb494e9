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
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


def trend_sections(trends: QualityTrends) -> list[Section]:
    """The charts over all repositories, and a table of the repositories when trends have them."""
    charts = (_scores(trends), _verdicts(trends), _findings(trends), _durations(trends))
    sections = [Section(f"Trends over {several(len(trends.days), 'day')}", charts)]
    if trends.repositories:
        sections.append(Section("Every repository", (_repositories(trends),)))
    return sections


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
        summary=_range(values, score, len(values)),
        empty="No validation of these days had a score.",
    )


def _range(values: Sequence[float | None], word: Callable[[float | None], str], days: int) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    gaps = days - len(known)
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
        "Findings at the end of each day by severity",
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
    text = _range(median, seconds, len(median))
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
        tuple(_repository(one) for one in trends.repositories),
        empty="No repository was validated on these days.",
        note="The line runs from 0 to 100; a gap is a time without validations.",
    )


def _repository(one: RepositoryTrend) -> tuple[Cell, ...]:
    values = tuple(entry.score for entry in one.days)
    known = [value for value in values if value is not None]
    failed, errors = sum(entry.failed for entry in one.days), sum(entry.error for entry in one.days)
    return (
        Cell(legible(one.repository_id)),
        Cell(_range(values, score, len(values)), "accent", values),
        Cell(score(fmean(known) if known else None)),
        Cell(count(sum(entry.validations for entry in one.days))),
        Cell(count(failed), "failed" if failed else "plain"),
        Cell(count(errors), "error" if errors else "plain"),
    )
