"""Findings as commands that GitHub's runner reads."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.annotations import MOST, annotations
from gitops_auditor.formats.findings import Finding, Severity, ToolReport, counted


def finding(**values: object) -> Finding:
    fields = {"tool": "ruff", "rule": "F401", "severity": "low", "message": "m", "file": "a.py"}
    return Finding.model_validate({**fields, **values})


def report(*findings: Finding, **values: object) -> ToolReport:
    fields = {"tool": "ruff", "status": "failed" if findings else "passed"}
    kept = {"findings": findings, "counts": counted(findings)}
    return ToolReport.model_validate({**fields, **kept, **values})


def one(**values: object) -> str:
    (line,) = annotations([report(finding(**values))])
    return line


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message, by the rules of the runner."""
    command, told, message = re.fullmatch("::([a-z]+)(?: (.*?))?::(.*)", line).groups()  # type: ignore[union-attr]
    pairs = [pair.partition("=") for pair in (told or "").split(",") if pair]
    decoded = {name: _decoded(value, {":": "%3A", ",": "%2C"}) for name, _, value in pairs}
    return str(command), decoded, _decoded(str(message), {})


def _decoded(text: str, also: dict[str, str]) -> str:
    for character, escape in {"\r": "%0D", "\n": "%0A", **also, "%": "%25"}.items():
        text = text.replace(escape, character)
    return text


def test_a_finding_is_a_command_with_its_place_and_rule() -> None:
    assert one(line=3, end_line=4) == "::notice file=a.py,line=3,endLine=4,title=ruff F401::m"


def test_what_to_do_stands_below_the_message() -> None:
    assert one(fix="Remove it.").endswith("::m%0ARemove it.")


@pytest.mark.parametrize(
    ("severity", "command"),
    [("critical", "error"), ("high", "error"), ("medium", "warning"), ("low", "notice")],
)
def test_the_severity_decides_the_command(severity: Severity, command: str) -> None:
    assert one(severity=severity).startswith(f"::{command} file=a.py,")


def test_what_has_no_file_has_no_place() -> None:
    assert one(file="", line=3) == "::notice title=ruff F401::m"
    assert one(end_line=3) == "::notice file=a.py,title=ruff F401::m"


def test_special_characters_are_escaped() -> None:
    line = one(file="a,b:c%.py", rule="x::y", message="50%\r\n::error::x, y")
    assert line == ("::notice file=a%2Cb%3Ac%25.py,title=ruff x%3A%3Ay::50%25%0D%0A::error::x, y")


def test_other_control_characters_are_replaced() -> None:
    assert one(message="a\x1b[31m\x00\x85\tb").endswith("::a\ufffd[31m\ufffd\ufffd\tb")


def test_the_worst_come_first_and_the_last_line_counts_the_others() -> None:
    findings = [finding(message=str(at)) for at in range(MOST + 2)]
    lines = annotations([report(*findings), report(finding(severity="high"))])
    assert lines[0].startswith("::error ")
    assert [line.rpartition("::")[2] for line in lines[1:MOST]] == [*map(str, range(MOST - 1))]
    assert lines[MOST:] == ["::notice::3 more are not shown."]


def test_findings_that_a_report_does_not_keep_are_counted_too() -> None:
    assert annotations([report(finding(), counts={"low": 9})])[1:] == [
        "::notice::8 more are not shown."
    ]
    assert annotations([report(finding(), finding())], most=0) == [
        "::notice::2 more are not shown."
    ]


def test_nothing_found_is_nothing_said() -> None:
    assert annotations([report(), report(status="skipped", reason="No file is Python.")]) == []


def test_tools_that_broke_or_are_missing_come_before_all_findings() -> None:
    lines = annotations(
        [
            report(finding(severity="critical")),
            report(tool="biome", status="absent", reason="It is not installed."),
            report(tool="mypy", status="error"),
        ]
    )
    assert lines[:2] == [
        "::error title=biome::It is not installed.",
        "::error title=mypy::The tool ended as error.",
    ]
    assert len(lines) == 3


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\r\n"))


@given(TEXTS, TEXTS.filter(bool), TEXTS)
def test_every_finding_is_one_line_that_means_what_was_found(
    message: str, file: str, rule: str
) -> None:
    line = one(message=message, file=file, rule=rule)
    assert not set(line) & {"\r", "\n"}
    properties = {"file": file, "title": f"ruff {rule}"}
    assert understood(line) == ("notice", properties, message)
