"""Charts as SVG for a page that has their colours: elements carry classes and no styles."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from gitops_auditor.quality.reports.document import Chart, Series

WIDTH: Final = 560
HEIGHT: Final = 190
LEFT: Final = 44
BELOW: Final = 24
SPARK_WIDTH: Final = 176
SPARK_HEIGHT: Final = 24
_MARKS: Final = 5
_THICKNESS: Final = 0.78
_EDGE: Final = 2.0

Points = list[tuple[float, float]]


def chart_svg(chart: Chart) -> str:
    """The whole picture; its text alternative is the title and the summary."""
    plot = WIDTH - LEFT
    label = escape(f"{chart.title}. {chart.summary}", quote=True)
    drawn = _bars(chart, plot) if chart.shape == "bars" else _lines(chart, plot)
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT + BELOW}">'
        f"{''.join((*_rules(chart), *_days(chart, plot), *drawn))}</svg>"
    )


def spark_svg(values: Sequence[float | None], label: str) -> str:
    """A small line of values from 0 to 100, with `label` as its text alternative."""
    height = SPARK_HEIGHT - 2 * _EDGE
    return (
        f'<svg role="img" aria-label="{escape(label, quote=True)}" '
        f'viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}">'
        f'<path class="rule" d="M0 {SPARK_HEIGHT - 0.5}H{SPARK_WIDTH}"/>'
        f'<g class="tone-accent" transform="translate(0 {_EDGE})">'
        f"{''.join(_line(values, 100.0, SPARK_WIDTH, height))}</g></svg>"
    )


def _rules(chart: Chart) -> Iterator[str]:
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = HEIGHT * (1 - part)
        kind = "rule" if part else "base"
        yield f'<path class="{kind}" d="M{LEFT} {y:.1f}H{WIDTH}"/>'
        if part in {0.0, 0.5, 1.0}:
            text = f"{part * chart.ceiling:g} {chart.unit}".strip()
            yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'


def _days(chart: Chart, plot: float) -> Iterator[str]:
    total = len(chart.days)
    every = max(-(-total // _MARKS), 1)
    for at in range(0, total, every):
        x = LEFT + (at + 0.5) * plot / total
        anchor = "middle" if at else "start"
        left = x if at else float(LEFT)
        yield f'<path class="base" d="M{x:.1f} {HEIGHT}v4"/>'
        yield (
            f'<text x="{left:.1f}" y="{HEIGHT + 17}" text-anchor="{anchor}">'
            f"{escape(chart.days[at][5:])}</text>"
        )


def _bars(chart: Chart, plot: float) -> Iterator[str]:
    below = [0.0] * len(chart.days)
    for one in chart.series:
        parts = "".join(_stack(one, below, chart.ceiling, plot))
        if parts:
            yield f'<path class="area tone-{one.tone}" d="{parts}"/>'


def _stack(one: Series, below: list[float], ceiling: float, plot: float) -> Iterator[str]:
    """The pieces of one series; `below` grows by its values."""
    step = plot / len(below)
    thick = step * _THICKNESS
    for at, value in enumerate(one.values):
        if not value:
            continue
        x = LEFT + at * step + (step - thick) / 2
        y = HEIGHT * (1 - below[at] / ceiling)
        below[at] += value
        yield f"M{x:.2f} {y:.2f}v{-HEIGHT * value / ceiling:.2f}h{thick:.2f}V{y:.2f}z"


def _lines(chart: Chart, plot: float) -> Iterator[str]:
    for one in chart.series:
        inner = "".join(_line(one.values, chart.ceiling, plot, HEIGHT))
        yield f'<g class="tone-{one.tone}" transform="translate({LEFT} 0)">{inner}</g>'


def _line(
    values: Sequence[float | None], ceiling: float, width: float, height: float
) -> Iterator[str]:
    for points in _runs(values, ceiling, width, height):
        if len(points) == 1:
            (x, y), *_ = points
            yield f'<circle class="area" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>'
        else:
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            yield f'<path class="line" d="M{path}"/>'


def _runs(
    values: Iterable[float | None], ceiling: float, width: float, height: float
) -> Iterator[Points]:
    """Points that belong together: a day without a value ends a run."""
    known = list(values)
    run: Points = []
    for at, value in enumerate(known):
        if value is not None:
            run.append(((at + 0.5) * width / len(known), height * (1 - value / ceiling)))
        elif run:
            yield run
            run = []
    if run:
        yield run
