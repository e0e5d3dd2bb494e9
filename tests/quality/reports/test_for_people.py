"""What people see of reports: the same content in PDF, HTML and Markdown, whatever it is called."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader
from typing_extensions import override

from gitops_auditor.quality.reports.as_html import as_html, content_security_policy
from gitops_auditor.quality.reports.as_markdown import (
    as_markdown,
    code,
    condensed,
    escaped,
    grid,
    sparkline,
)
from gitops_auditor.quality.reports.as_pdf import as_pdf
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.document import Column
from gitops_auditor.quality.reports.wording import legible
from gitops_auditor.quality.summaries import summarise
from gitops_auditor.quality.trend_models import FindingCount
from gitops_auditor.quality.trends import trends
from tests.quality.reports.samples import (
    ODD_NAMES,
    UNTIL,
    findings,
    gate_result,
    history,
    quality_report,
    report_data,
)

GOLDEN = Path(__file__).parent / "report.md"
UNSEEN = "photo\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\x00\x1b[31m\N{ZERO WIDTH SPACE}"


class Page(HTMLParser):
    """The text and the elements of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"code", "em", "span", "strong"}:
            self.words.append(" ")

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def pdf_text(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    text = " ".join(page.extract_text() for page in pages)
    return " ".join(text.replace("\N{ZERO WIDTH SPACE}", "").split())


def markdown_page(text: str) -> Page:
    return Page(MarkdownIt("commonmark").enable("table").enable("strikethrough").render(text))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def unquoted(text: str) -> str:
    return re.sub("['\N{RIGHT SINGLE QUOTATION MARK}]", "", squeezed(text))


def named(name: str) -> ReportData:
    """A report in which everything that can have a name has this one."""
    found, rows = history(1, 5)
    found = [replace(one, repository_id=name) for one in found]
    rows = [replace(row, repository_id=name, gate=name) for row in rows]
    counts = [FindingCount(name, name, "high", 3)]
    problems = [
        one.model_copy(update={"message": name, "rule": name, "fix": name})
        for one in findings(name)
    ]
    gate = gate_result(name, "failed", reason=name, fix=name, found=problems)
    report = quality_report([gate], name).model_copy(update={"ref": name, "notes": [name]})
    return ReportData(
        title=name,
        generated_at=UNTIL,
        summary=summarise(found, rows, counts, UNTIL - timedelta(days=5), UNTIL),
        trends=trends(found, rows, UNTIL.date(), 5, by_repository=True),
        reports=[report],
    )


def empty() -> ReportData:
    since = UNTIL - timedelta(days=30)
    return ReportData(
        generated_at=UNTIL,
        summary=summarise([], [], [], since, UNTIL),
        trends=trends([], [], UNTIL.date(), 30, by_repository=True),
    )


def texts(data: ReportData) -> Iterator[str]:
    """What can be read of a report in each format for people."""
    yield pdf_text(as_pdf(data))
    yield Page(as_html(data)).text
    yield markdown_page(as_markdown(data)).text


def test_every_format_tells_titles_repositories_and_numbers() -> None:
    for text in texts(report_data()):
        for words in (
            "Quality of the acme workspace",
            "The mean score rose by",
            "Validations a day by verdict",
            "acme/warehouse1",
            "generic-api-key",
            "136",
            "From 73.8 to 83.4; lowest 66.5, highest 85.8. 5 days without a value.",
        ):
            assert words in text


def test_every_format_has_place_rule_message_and_fix_of_each_failure() -> None:
    data = ReportData(generated_at=UNTIL, reports=[quality_report()])
    for text in texts(data):
        for words in (
            "src/shop/basket.py:12:5", "gitleaks: generic-api-key", "A key for an interface",
            "Withdraw the key, then read it", "web/app.js:3:7", "Run: code-linter fix",
            "Make them faster, or raise the gate's timeout.", "gates run --phase pre_merge",
        ):  # fmt: skip
            assert unquoted(words) in unquoted(text)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_appear_as_text_and_break_nothing(name: str) -> None:
    data = named(name)
    for text in (Page(as_html(data)).text, markdown_page(as_markdown(data)).text):
        assert text.count(name) >= 8


@pytest.mark.parametrize("name", [one for one in ODD_NAMES if one.isascii()])
def test_odd_names_appear_in_the_pdf(name: str) -> None:
    assert squeezed(pdf_text(as_pdf(named(name)))).count(squeezed(name)) >= 8


@pytest.mark.parametrize("name", [one for one in ODD_NAMES if not one.isascii()])
def test_other_scripts_break_no_pdf(name: str) -> None:
    assert "pre-merge" in pdf_text(as_pdf(named(name)))


def test_characters_that_are_not_seen_are_marked() -> None:
    assert legible(UNSEEN) == "photo\ufffdgpj.exe\ufffd\ufffd[31m\ufffd"
    data = named(UNSEEN)
    for text in (as_html(data), as_markdown(data)):
        assert not re.search("[\x00-\x08\x0e-\x1f\u200b\u202e]", text)
    assert "photo\ufffdgpj.exe" in squeezed(pdf_text(as_pdf(data)))


@given(st.text(max_size=80) | st.text("`|\\\\*_[]<>#&!~$@:-+=.) 1aw\n", max_size=30))
@example("1. a")
@example("a\\\\|b`c")
@example("``|")
@example("_a_b_ __c__")
@example("&amp;&#35;")
def test_any_text_is_read_back_from_markdown_and_html(text: str) -> None:
    wanted = legible(text)
    table = grid((Column("A"), Column("B"), Column("C")), [(escaped(wanted), code(wanted), "end")])
    page = markdown_page(table)
    assert [tag for tag, _ in page.elements].count("td") == 3
    assert page.text == " ".join(f"A B C {wanted} {wanted} end".split())
    paragraph = markdown_page(escaped(wanted))
    assert {tag for tag, _ in paragraph.elements} <= {"p", "code"}
    assert paragraph.text == " ".join(wanted.split())


def test_a_name_is_no_markup_of_the_page() -> None:
    page = Page(as_html(named('"><script>alert(1)</script><img src=x onerror=y>')))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "link", "object"}
    assert not any(name.startswith("on") for _, known in page.elements for name in known)


def test_a_name_links_and_mentions_nobody_in_markdown() -> None:
    name = "see https://example.org www.example.org a@example.org @team #7"
    text = as_markdown(named(name))
    outside = re.sub(r"`[^`\n]*`", "", text)
    for word in ("https://", "www.example", "a@example", "@team", "#7"):
        assert word in text
        assert word not in outside
    assert name in markdown_page(text).text


def test_the_page_needs_nothing_else_and_says_so() -> None:
    page = Page(as_html(report_data(5, 20)))
    (policy,) = [
        known["content"] for tag, known in page.elements if known.get("http-equiv") is not None
    ]
    assert policy == content_security_policy()
    assert "default-src 'none'" in str(policy)
    assert not [tag for tag, known in page.elements if {"src", "href", "style"} & known.keys()]


def test_every_chart_of_the_page_has_a_text_alternative() -> None:
    page = Page(as_html(report_data(5, 20)))
    pictures = [known for tag, known in page.elements if tag == "svg"]
    assert len(pictures) == 4 + 5
    assert all(one.get("role") == "img" and one.get("aria-label") for one in pictures)


def test_tables_of_the_page_name_their_rows_and_columns() -> None:
    page = Page(as_html(report_data(5, 20)))
    scopes = {known.get("scope") for tag, known in page.elements if tag == "th"}
    assert scopes == {"col", "row"}


def test_without_data_each_format_says_so_and_draws_nothing() -> None:
    data = empty()
    for text in texts(data):
        assert "Nothing was validated in this period." in text
        assert "No validation of these days had a score." in text
        assert "No gate of these days found anything." in text
    assert "<svg" not in as_html(data)
    assert "```" not in as_markdown(data)


def test_a_report_of_nothing_at_all_is_a_sentence() -> None:
    for text in texts(ReportData(generated_at=UNTIL)):
        assert "Nothing has been validated yet." in text


def test_a_line_of_one_day_is_drawn() -> None:
    data = report_data(2, 1)
    assert "<circle" in as_html(data)
    assert as_pdf(data).startswith(b"%PDF-")


def test_the_pdf_is_the_same_each_time_and_states_its_title() -> None:
    data = report_data(3, 10)
    first = as_pdf(data)
    assert first == as_pdf(data)
    about = PdfReader(io.BytesIO(first)).metadata
    assert about is not None
    assert about.title == "Quality of the acme workspace"
    assert about.creation_date == datetime(2026, 6, 30, 6, tzinfo=UTC)


def test_pages_of_the_pdf_are_numbered_and_repeat_the_headers_of_tables() -> None:
    pages = PdfReader(io.BytesIO(as_pdf(report_data(90, 10)))).pages
    count = len(pages)
    last_of_table = [page.extract_text() for page in pages if "Score by day" in page.extract_text()]
    assert len(last_of_table) >= 3
    assert f"Page {count} of {count}" in " ".join(pages[-1].extract_text().split())
    width, height = (float(pages[0].mediabox.width), float(pages[0].mediabox.height))
    assert (round(width), round(height)) == (595, 842)


def test_thousands_of_failures_are_cut_with_a_count_of_the_rest() -> None:
    many = findings()[1:2] * 3_000
    report = quality_report([gate_result("Scan", "failed", found=many)])
    for text in texts(ReportData(generated_at=UNTIL, reports=[report])):
        plain = text.replace("\N{NARROW NO-BREAK SPACE}", " ")
        assert re.search(r"2 000 more( failures)?( are)? not shown\.", plain)


def test_of_several_validations_those_that_did_not_pass_are_told_in_full() -> None:
    fine = quality_report([gate_result("Lint", "passed")], "acme/fine")
    fine = fine.model_copy(update={"status": "passed", "passed": True, "reason": "All passed."})
    data = ReportData(
        generated_at=UNTIL, reports=[fine, quality_report(repository="acme/bad")], left_out=7
    )
    for text in texts(data):
        assert "2 validations: 1 may not go on." in text
        assert "7 more validations not shown." in text
        assert "acme/fine" in text
        assert "acme/fine, pre-merge" not in text
        assert "acme/bad, pre-merge" in text


def test_columns_of_markdown_tables_line_up_as_text() -> None:
    lines = as_markdown(report_data()).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("| Rule "))
    table = lines[start : start + 12]
    assert {len(line) for line in table} == {len(table[0])}


def test_a_spark_has_a_bar_for_each_value_and_a_gap_for_none() -> None:
    assert sparkline([0.0, 50.0, None, 100.0], 100.0) == "▁▅\N{NO-BREAK SPACE}█"


def test_many_days_share_a_bar_and_a_gap_stays_one() -> None:
    assert condensed([1.0, 3.0, None, 5.0, None, None], 3) == [2.0, 5.0, None]


def test_the_markdown_of_a_report_stays_as_it_was_agreed_on() -> None:
    assert as_markdown(report_data(4, 14)) == GOLDEN.read_text(encoding="utf-8")
