"""How a report is judged and told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.findings import (
    SEVERITIES,
    Finding,
    ScanReport,
    Severity,
    ToolReport,
    ToolStatus,
    counted,
)
from gitops_auditor.linters.servers.answers import (
    MOST_BYTES,
    MOST_CHARACTERS,
    Answer,
    answer,
    passes,
    report_text,
)


def finding(severity: Severity, line: int = 1, message: str = "bad") -> Finding:
    return Finding(
        tool="t", rule="R1", severity=severity, message=message, file="a.py", line=line, fix="mend"
    )


def tool(status: ToolStatus, *findings: Finding) -> ToolReport:
    return ToolReport(tool="t", status=status, files=1, findings=findings, counts=counted(findings))


def report(*tools: ToolReport) -> ScanReport:
    return ScanReport(files=1, tools=tools)


@pytest.mark.parametrize(
    ("statuses", "passed"),
    [
        (["passed"], True),
        (["passed", "skipped"], True),
        (["skipped"], False),
        ([], False),
        (["passed", "error"], False),
        (["passed", "absent"], False),
        (["absent"], False),
    ],
)
def test_only_a_look_by_all_that_were_needed_passes(
    statuses: list[ToolStatus], passed: bool
) -> None:
    assert passes(report(*map(tool, statuses)), "critical") is passed


@pytest.mark.parametrize(
    ("statuses", "clear"),
    [
        (["passed", "skipped"], True),
        (["skipped"], True),
        ([], True),
        (["skipped", "error"], False),
        (["skipped", "absent"], False),
    ],
)
def test_nothing_to_look_at_is_in_nobodys_way_and_yet_no_pass(
    statuses: list[ToolStatus], clear: bool
) -> None:
    told = answer(report(*map(tool, statuses)), "medium", 10)
    assert told.clear is clear
    assert told.passed is ("passed" in statuses)


@given(st.sampled_from(SEVERITIES), st.sampled_from(SEVERITIES))
def test_a_finding_fails_at_its_severity_and_at_those_below(
    found: Severity, threshold: Severity
) -> None:
    is_as_bad = SEVERITIES.index(found) <= SEVERITIES.index(threshold)
    assert passes(report(tool("failed", finding(found))), threshold) is not is_as_bad


@given(st.lists(st.sampled_from(SEVERITIES), max_size=30), st.integers(0, 40))
def test_what_is_left_out_is_counted_and_never_worse_than_what_is_listed(
    severities: list[Severity], limit: int
) -> None:
    found = [finding(severity, line + 1) for line, severity in enumerate(severities)]
    whole = report(tool("failed" if found else "passed", *found))
    (told,) = answer(whole, "low", limit).tools
    assert len(told.findings) == min(limit, len(found))
    assert told.counts == counted(found)
    left = [one for one in found if one not in told.findings]
    worst = [SEVERITIES.index(one.severity) for one in told.findings]
    assert all(SEVERITIES.index(one.severity) >= max(worst, default=0) for one in left)
    assert [one.line for one in told.findings] == sorted(one.line or 0 for one in told.findings)


def test_a_long_report_is_shortened_until_clients_take_it() -> None:
    found = [finding("high", line, "x" * 900) for line in range(1, 5001)]
    told = answer(report(tool("failed", *found)), "medium", 5000)
    assert len(told.model_dump_json()) <= MOST_BYTES
    assert told.tools[0].total == 5000
    assert 0 < len(told.tools[0].findings) < 5000
    assert told.passed is False


def test_the_text_names_place_rule_message_and_fix() -> None:
    text = report_text(answer(report(tool("failed", finding("high", 7))), "medium", 10))
    assert "a.py:7: high: bad [t R1] Fix: mend" in text
    assert text.startswith("FAILED: 1 finding in 1 file, 1 of them medium or worse.")


def test_the_text_is_bounded_and_says_how_much_is_missing() -> None:
    found = [finding("low", line, "y" * 300) for line in range(1, 1001)]
    text = report_text(answer(report(tool("failed", *found)), "medium", 1000))
    assert len(text) < MOST_CHARACTERS + 200
    shown = sum(line.startswith("a.py:") for line in text.splitlines())
    assert f"... and {1000 - shown} more" in text


def test_the_text_says_what_broke_and_what_no_tool_is_for() -> None:
    broken = ToolReport(tool="mypy", status="error", reason="It was ended by SIGKILL.", files=3)
    whole = ScanReport(files=4, tools=(broken,), unchecked={".md": 1})
    text = report_text(answer(whole, "medium", 10))
    assert "mypy could not look" in text
    assert "- mypy on 3 files: ERROR It was ended by SIGKILL." in text
    assert "No tool is for: .md (1)." in text


def test_an_answer_is_the_report_with_a_verdict() -> None:
    whole = report(tool("failed", finding("low")))
    told = answer(whole, "medium", 10)
    assert told.passed is True
    assert Answer.model_validate(json.loads(told.model_dump_json())).report == whole
