"""A server that has the names of our tools is believed no more than any other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.connections.results import CallResult
from gitops_auditor.quality.adapters.connected import believed

FILES = ("a.py", "b.py")
FINDING: dict[str, Any] = {
    "tool": "ruff",
    "rule": "F401",
    "severity": "high",
    "message": "No.",
    "file": "a.py",
    "line": 1,
}
TOOL: dict[str, Any] = {
    "tool": "ruff",
    "status": "failed",
    "files": 2,
    "findings": [FINDING],
    "counts": {"high": 1},
}
REPORT: dict[str, Any] = {
    "passed": False,
    "clear": False,
    "fail_threshold": "medium",
    "reason": "FAILED",
    "files": 2,
    "tools": [TOOL],
    "unchecked": {},
}


def told(**changes: Any) -> CallResult:
    return CallResult("", {**REPORT, **changes}, False)


def tool(**changes: Any) -> CallResult:
    return told(tools=[{**TOOL, **changes}])


def test_a_report_is_taken_as_it_is_and_the_verdict_is_our_own() -> None:
    report = believed(told(passed=True, clear=True), FILES)
    assert not report.passed
    assert [one.rule for one in report.findings] == ["F401"]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        (CallResult("It broke.", REPORT, True), "answered with an error: It broke."),
        (CallResult("text", None, False), "no structured result"),
        (told(files=1), "speaks of 1 files and was asked about 2"),
        (told(tools="all fine"), "cannot be read at tools"),
        (told(extra=1), "cannot be read at extra"),
        (tool(status="fine"), "cannot be read at tools.0.status"),
        (tool(findings=[{**FINDING, "file": "c.py"}]), "spoke of c.py"),
        (tool(findings=[{**FINDING, "file": "../a.py"}]), "spoke of ../a.py"),
        (tool(status="passed"), "contradicts itself"),
        (tool(counts={}), "counts fewer findings"),
        (tool(findings=[], counts={}), "contradicts itself"),
        (tool(files=3), "contradicts itself"),
        (tool(status="passed", findings=[], counts={}, files=0), "without having looked"),
    ],
)
def test_what_cannot_be_right_is_refused(result: CallResult, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        believed(result, FILES)


@given(
    st.sampled_from([*REPORT, *TOOL]),
    st.sampled_from([None, [], {}, "", "passed", "skipped", 0, 1, -1, True]),
)
def test_one_lie_never_makes_a_pass(name: str, lie: Any) -> None:
    result = told(**{name: lie}) if name in REPORT else tool(**{name: lie})
    try:
        report = believed(result, FILES)
    except ValueError:
        return
    assert not report.passed
