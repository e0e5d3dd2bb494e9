"""A report as one page of HTML that needs nothing else: no script, no font, no address."""

import base64
import hashlib
from functools import cache
from html import escape
from importlib import resources

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
    Statement,
    Table,
    Tone,
)
from gitops_auditor.quality.reports.svg import chart_svg, spark_svg
from gitops_auditor.quality.reports.wording import several


def as_html(data: ReportData) -> str:
    """The page. It follows the reader's choice of light or dark, and prints light on A4."""
    return _page(document(data))


@cache
def style() -> str:
    """The style sheet of every page."""
    return resources.files(__package__).joinpath("report.css").read_text(encoding="utf-8")


@cache
def content_security_policy() -> str:
    """The policy that each page states of itself, for who sends it in a header too.

    Nothing is loaded and no script runs; only the page's own style sheet counts.
    """
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _page(report: Document) -> str:
    sections = "\n".join(_section(section) for section in report.sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{content_security_policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{_text(report.title)}</title>
<style>{style()}</style>
</head>
<body>
{_header(report)}
<main>
{sections}
</main>
</body>
</html>
"""


def _header(report: Document) -> str:
    facts = "".join(
        f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in report.facts
    )
    return (
        f'<header>\n<p class="over">Quality gates</p>\n<h1>{_text(report.title)}</h1>\n'
        f'<p class="lead">{_text(report.lead)}</p>\n<dl class="facts">{facts}</dl>\n</header>'
    )


def _section(section: Section) -> str:
    charts = [block for block in section.blocks if isinstance(block, Chart)]
    others = [block for block in section.blocks if not isinstance(block, Chart)]
    parts = [f"<h2>{_text(section.title)}</h2>"]
    if charts:
        parts.append(f'<div class="charts">{"".join(_chart(chart) for chart in charts)}</div>')
    return "\n".join(["<section>", *parts, *(_block(block) for block in others), "</section>"])


def _block(block: Block) -> str:
    match block:
        case Figures():
            return _figures(block)
        case Chart():
            return _chart(block)
        case Table():
            return _table(block)
        case Statement():
            return _statement(block)
        case Issues():
            return _issues(block)


def _figures(block: Figures) -> str:
    items = "".join(
        f"<div{_tone(one.tone)}><dt>{_text(one.label)}</dt>"
        f"<dd>{_text(one.value)}</dd><dd>{_text(one.note)}</dd></div>"
        for one in block.figures
    )
    return f'<dl class="figures">{items}</dl>'


def _chart(chart: Chart) -> str:
    title = f"<h3>{_text(chart.title)}</h3>"
    if chart.is_empty:
        return f'<figure>{title}<p class="note">{_text(chart.empty)}</p></figure>'
    legend = ""
    if len(chart.series) > 1:
        items = (f"<li{_tone(one.tone)}>{_text(one.name)}</li>" for one in chart.series)
        legend = f'<ul class="legend">{"".join(items)}</ul>'
    caption = f"<figcaption>{_text(chart.summary)}</figcaption>"
    return f"<figure>{title}{chart_svg(chart)}{legend}{caption}</figure>"


def _table(table: Table) -> str:
    title = f"<h3>{_text(table.title)}</h3>\n" if table.title else ""
    if not table.rows:
        return f'{title}<p class="note">{_text(table.empty)}</p>'
    heads = "".join(
        f'<th scope="col"{_kind(column)}>{_text(column.title)}</th>' for column in table.columns
    )
    rows = "\n".join(_row(row, table.columns) for row in table.rows)
    note = f'\n<p class="note">{_text(table.note)}</p>' if table.note else ""
    return (
        f'{title}<div class="scroll"><table><thead><tr>{heads}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>{note}"
    )


def _row(row: tuple[Cell, ...], columns: tuple[Column, ...]) -> str:
    first, *rest = zip(row, columns, strict=True)
    head = f'<th scope="row">{_cell(*first)}</th>'
    cells = "".join(f"<td{_kind(column)}>{_cell(cell, column)}</td>" for cell, column in rest)
    return f"<tr>{head}{cells}</tr>"


def _cell(cell: Cell, column: Column) -> str:
    match column.kind:
        case "badge":
            return f'<span class="badge tone-{cell.tone}">{_text(cell.text)}</span>'
        case "spark":
            return spark_svg(cell.values, cell.text or "No score.")
        case "name":
            return f'<code dir="auto">{_text(cell.text)}</code>'
    if cell.tone == "plain":
        return f'<span dir="auto">{_text(cell.text)}</span>'
    return f'<span class="strong tone-{cell.tone}">{_text(cell.text)}</span>'


def _statement(block: Statement) -> str:
    if not block.badge:
        return f'<p class="note">{_text(block.text)}</p>'
    return (
        f'<p class="verdict tone-{block.tone}"><strong>{_text(block.badge)}.</strong> '
        f"{_text(block.text)}</p>"
    )


def _issues(block: Issues) -> str:
    items = "\n".join(_issue(one) for one in block.issues)
    more = ""
    if block.more:
        more = f'\n<p class="note">{several(block.more, "more failure")} not shown.</p>'
    return f'<h3>What failed, and what to do</h3>\n<ul class="issues">{items}</ul>{more}'


def _issue(one: Issue) -> str:
    return (
        f'<li><span class="badge tone-{one.tone}">{_text(one.severity)}</span> '
        f'<code class="where" dir="auto">{_text(one.place)}</code> '
        f'<code class="which" dir="auto">{_text(one.rule)}</code>'
        f'<p dir="auto">{_text(one.message)}</p>'
        f'<p class="todo"><strong>To do:</strong> {_text(one.fix)}</p></li>'
    )


def _kind(column: Column) -> str:
    return f' class="{column.kind}"' if column.kind in {"number", "spark"} else ""


def _tone(tone: Tone) -> str:
    return "" if tone == "plain" else f' class="tone-{tone}"'


def _text(text: str) -> str:
    return escape(text, quote=True)
