"""What a terminal shows of gates: nothing twice, too wide, or that it obeys."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from gitops_auditor.cli.gates_findings import finding_lines
from gitops_auditor.cli.gates_showing import MOST_OF_A_RULE, MOST_SHOWN, show_report
from gitops_auditor.formats.findings import SEVERITIES, Finding, ToolReport
from gitops_auditor.quality.results import GateResult
from tests.quality.kept import report, result

NARROW = 40


def finding(number: int = 1, rule: str = "B1", **fields: object) -> Finding:
    given = {"message": "It is bad.", "file": "src/a.py", "line": number, "column": 5} | fields
    return Finding.model_validate({"tool": "bandit", "rule": rule, "severity": "high"} | given)


def shown(capsys: pytest.CaptureFixture[str], *gates: GateResult) -> list[str]:
    show_report(report(1, *gates, status="failed", passed=False, reason="Some failed."))
    return capsys.readouterr().out.splitlines()


def failed(findings: Sequence[Finding], **fields: Any) -> GateResult:
    return result(status="failed", findings=[*findings], reason="They are bad.", **fields)


def test_what_failed_comes_after_what_passed_and_the_verdict_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = shown(
        capsys, failed([finding()], gate="Security"), result(gate="Style", status="passed")
    )
    assert lines == [
        "✓ Style passed 0.0 s",
        "",
        f"✗ Security failed 0.0 s {lines[2].rpartition(' ')[2]}",
        "  They are bad.",
        "  src/a.py:1:5  high  It is bad.  bandit B1",
        "",
        lines[6],
        "  Some failed.",
        "  gitops-auditor gates show v01",
    ]
    assert lines[6].startswith("✗ pre_merge failed for acme/")


def test_of_many_findings_some_of_each_rule_are_shown_and_all_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = [finding(number) for number in range(1, 299)]
    few = [finding(number, "B2") for number in range(1, 3)]
    lines = shown(capsys, failed([*many, *few], counts={"high": 1_500}))
    assert sum(one.endswith("bandit B1") for one in lines) == MOST_OF_A_RULE
    assert sum(one.endswith("bandit B2") for one in lines) == 2
    assert "  and 1493 more: 293 of bandit B1, 1200 of other rules" in lines


def test_twenty_findings_of_one_rule_are_all_shown(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, failed([finding(number) for number in range(1, MOST_SHOWN + 1)]))
    assert sum(one.endswith("bandit B1") for one in lines) == MOST_SHOWN
    assert not any("more" in one for one in lines)


def test_what_is_said_already_is_not_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    tools = [
        ToolReport(tool="mypy", status="error", reason="It broke."),
        ToolReport(tool="biome", status="absent", reason="biome is not installed: install it."),
    ]
    same = finding(message="mypy: It broke.", line=None, column=None)
    gate = result(status="error", tools=tools, reason="mypy: It broke.", findings=[same])
    text = "\n".join(shown(capsys, gate))
    assert text.count("It broke.") == 1
    assert text.count("install it.") == 1


def test_what_to_do_about_a_rule_is_said_once() -> None:
    found = [finding(number, fix="Pass a list.") for number in (1, 2)]
    assert "\n".join(finding_lines(found, None)).count("Pass a list.") == 1


TEXT = st.text(max_size=80)
WORDS = st.lists(st.text(alphabet="ab[]", min_size=1, max_size=9), max_size=40).map(" ".join)


def findings(text: st.SearchStrategy[str], file: st.SearchStrategy[str]) -> Any:
    number = st.one_of(st.none(), st.integers(1, 99_999))
    severity = st.sampled_from(SEVERITIES)
    rule = st.sampled_from(["R1", "rather-long"])
    made = st.builds(finding, number, rule, severity=severity, message=text, file=file, fix=text)
    return st.lists(made, max_size=5)


@given(findings(TEXT, TEXT), st.sampled_from([None, 40, 100]))
def test_no_character_of_a_finding_is_markup_or_obeyed(
    found: list[Finding], width: int | None
) -> None:
    for line in finding_lines(found, width):
        assert re.search(r"[\x00-\x1f\x7f-\x9f]", Text.from_markup(line).plain) is None


@given(findings(WORDS, st.just("src/a.py")), st.sampled_from([40, 50, 60, 80, 120]))
def test_no_line_is_wider_than_the_terminal(found: list[Finding], width: int) -> None:
    for line in finding_lines(found, width):
        assert len(Text.from_markup(line).plain) <= width


def test_a_narrow_terminal_has_the_text_below_the_place() -> None:
    found = [finding(message="This is a rather long message about it.", fix="Do better.")]
    lines = [Text.from_markup(one).plain for one in finding_lines(found, NARROW)]
    assert lines == [
        "  src/a.py:1:5  high",
        "    This is a rather long message about",
        "    it.  bandit B1",
        "    fix: Do better.",
    ]
    assert max(map(len, lines)) <= NARROW


def test_without_a_terminal_every_finding_is_one_line_to_search_for() -> None:
    found = [finding(message="word " * 100)]
    (line,) = finding_lines(found, None)
    assert "\n" not in line
