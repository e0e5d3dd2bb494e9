"""A report as Markdown (GitHub Flavored Markdown), whose tables also read well as plain text."""

import re
from collections.abc import Sequence
from statistics import fmean
from typing import Final

from rich.cells import cell_len

from gitops_auditor.quality.reports.composition import document
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.document import (
    Block,
    Cell,
    Chart,
    Column,
    Document,
    Figures,
    Issue,
    Issues,
    Section,
    Series,
    Statement,
    Table,
)
from gitops_auditor.quality.reports.wording import several

WIDEST_COLUMN: Final = 40
"""Cells are filled up to this; a longer one stands out of its column."""
LONGEST_LINE: Final = 92
WIDEST_SPARK: Final = 30
_SPECIAL: Final = re.compile(
    r"([\\`*\[\]|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|<(?=[A-Za-z/!?])|&(?=[#\w])|!(?=\[))"
)
_ADDRESS: Final = re.compile(r"(?i)(?<=[a-z])(?=://)|(?<=\bwww)(?=\.)|(?<=[a-z0-9])(?=@[a-z0-9])")
_REFERENCE: Final = re.compile(r"(?<![\w`])([@#]\w[\w./-]*\w|[@#]\w)")
_STARTS: Final = re.compile(r"^(\d*)([.)](?=\s|$)|[-+=](?=[\s=-]|$)|#(?=[#\s]|$)|>)")
_NOT_CODE: Final = re.compile(r"[`|\\]")
_BARS: Final = "▁▂▃▄▅▆▇█"
_GAP: Final = "\N{NO-BREAK SPACE}"


def as_markdown(data: ReportData) -> str:
    """The report. Names are code, so that they link and mention nobody; messages are escaped."""
    return _document(document(data))


def escaped(text: str) -> str:
    """Plain text with nothing in it left that Markdown or a forge reads as anything else."""
    parts = _REFERENCE.split(text)
    known = [
        code(part) if at % 2 else _ADDRESS.sub(r"\\", _SPECIAL.sub(r"\\\1", part))
        for at, part in enumerate(parts)
    ]
    return _STARTS.sub(r"\1\\\2", "".join(known))


def code(text: str) -> str:
    """Text as code, in a cell of a table too."""
    if not text:
        return ""
    if _NOT_CODE.search(text):
        return f"<code>{''.join(_entity(one) for one in text)}</code>"
    return f"`{text}`"


def _entity(one: str) -> str:
    return one if one.isalnum() or one in " /.,:;()'=+%" else f"&#{ord(one)};"


def _document(report: Document) -> str:
    facts = " · ".join(f"**{name}** {escaped(value)}" for name, value in report.facts)
    parts = [f"# {escaped(report.title)}", escaped(report.lead), facts]
    for section in report.sections:
        parts += _section(section)
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> list[str]:
    return [f"## {escaped(section.title)}", *(_block(block) for block in section.blocks)]


def _block(block: Block) -> str:
    match block:
        case Figures():
            return _figures(block)
        case Chart():
            return _chart(block)
        case Table():
            return _table(block)
        case Statement():
            said = f"**{block.badge}.** " if block.badge else ""
            return said + escaped(block.text)
        case Issues():
            return _issues(block)


def _figures(block: Figures) -> str:
    columns = (Column("Figure"), Column("Value", "number"), Column("Note"))
    rows = [(escaped(one.label), escaped(one.value), escaped(one.note)) for one in block.figures]
    return grid(columns, rows)


def _table(table: Table) -> str:
    parts = [f"### {escaped(table.title)}"] if table.title else []
    if not table.rows:
        return "\n\n".join([*parts, f"_{escaped(table.empty)}_"])
    rows = [
        [_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    parts.append(grid(table.columns, rows))
    if table.note:
        parts.append(f"_{escaped(table.note)}_")
    return "\n\n".join(parts)


def _cell(cell: Cell, column: Column) -> str:
    if column.kind == "spark":
        return code(sparkline(condensed(cell.values, WIDEST_SPARK), 100.0))
    return code(cell.text) if column.kind == "name" else escaped(cell.text)


def grid(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns are aligned as text; cells are Markdown already."""
    titles = [escaped(column.title) for column in columns]
    widths = [
        max(3, *(min(cell_len(row[at]), WIDEST_COLUMN) for row in (titles, *rows)))
        for at in range(len(columns))
    ]
    right = [column.kind == "number" for column in columns]
    rule = [
        "-" * (width - 1) + ":" if number else "-" * width
        for width, number in zip(widths, right, strict=True)
    ]
    return "\n".join(_line(row, widths, right) for row in (titles, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    filled = (
        " " * (width - cell_len(cell)) + cell if number else cell + " " * (width - cell_len(cell))
        for cell, width, number in zip(cells, widths, right, strict=True)
    )
    return f"| {' | '.join(filled)} |"


def _chart(chart: Chart) -> str:
    title = f"### {escaped(chart.title)}"
    if chart.is_empty:
        return f"{title}\n\n_{escaped(chart.empty)}_"
    shown = [one for one in chart.series if any(one.values)]
    margin = max(len(one.name) for one in shown) + 2
    top = chart.ceiling if chart.shape == "line" else _highest(shown)
    drawn = [_bars(one, chart, LONGEST_LINE - margin, top) for one in shown]
    lines = [f"{one.name:<{margin}}{bars}" for one, bars in zip(shown, drawn, strict=True)]
    days = f"{chart.days[0]:<{max(len(drawn[0]) - 10, 11)}}{chart.days[-1]}"
    picture = "\n".join(["```text", *(line.rstrip() for line in lines), " " * margin + days, "```"])
    return f"{title}\n\n{picture}\n\n{escaped(chart.summary)}"


def _highest(series: Sequence[Series]) -> float:
    return max(value or 0.0 for one in series for value in one.values)


def _bars(one: Series, chart: Chart, width: int, top: float) -> str:
    values = one.values
    if chart.shape == "bars":
        values = tuple(value or None for value in values)
    return sparkline(condensed(values, width), top)


def sparkline(values: Sequence[float | None], top: float) -> str:
    """One bar for each value, a blank for each that is None."""
    return "".join(
        _GAP if value is None else _BARS[min(int(value / top * len(_BARS)), len(_BARS) - 1)]
        for value in values
    )


def condensed(values: Sequence[float | None], most: int) -> list[float | None]:
    """At most `most` values, each the mean of as many neighbours; None where all of them are."""
    every = max(-(-len(values) // most), 1)
    groups = (values[at : at + every] for at in range(0, len(values), every))
    known = ([value for value in group if value is not None] for group in groups)
    return [fmean(group) if group else None for group in known]


def _issues(block: Issues) -> str:
    items = [_issue(one) for one in block.issues]
    if block.more:
        items.append(f"_{several(block.more, 'more failure')} not shown._")
    return "\n\n".join(["### What failed, and what to do", "\n".join(items)])


def _issue(one: Issue) -> str:
    head = f"- **{one.severity}** {code(one.place)} {code(one.rule)}"
    return f"{head}  \n  {escaped(one.message)}  \n  **To do:** {escaped(one.fix)}"
