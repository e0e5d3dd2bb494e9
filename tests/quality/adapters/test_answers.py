"""What a foreign server says is never taken for a pass when something about it is wrong."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_auditor.connections.results import CallResult
from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.tool import Request, UnreadableOutput
from gitops_auditor.quality.adapters.answers import read_answer
from gitops_auditor.quality.adapters.known import (
    ANALYZER,
    CODE_LINTER_MCP,
    ESLINT,
    KNOWN,
    SEMGREP,
)
from gitops_auditor.quality.adapters.mapping import ServerMapping, ToolMapping

ROOT = Path("/srv/root")
TWO = Request(ROOT, ("a.js", "b.js"))
ONE = Request(ROOT, ("deep/a.py",))

ESLINT_REPORTS: list[Any] = [
    {
        "filePath": "/srv/root/a.js",
        "messages": [
            {"ruleId": "no-debugger", "severity": 2, "message": "No.", "line": 1, "column": 1},
            {"ruleId": None, "severity": 1, "message": "Unused directive.", "line": 3},
        ],
        "suppressedMessages": [],
        "errorCount": 1,
        "fatalErrorCount": 0,
        "warningCount": 1,
    },
    {"filePath": "/srv/root/b.js", "messages": [], "errorCount": 0, "warningCount": 0},
]
RUFF_REPORT: Any = {
    "issues": [{"line": 1, "column": 8, "rule": "F401", "message": "No.", "severity": "error"}],
    "total_issues": 1,
    "fixable_issues": 1,
}
SEMGREP_REPORT: Any = {
    "version": "1.182.0",
    "results": [
        {
            "check_id": "a.b",
            "path": "a.py",
            "start": {"line": 1, "col": 1},
            "end": {"line": 1, "col": 2},
            "extra": {"message": "No.", "severity": "ERROR"},
        }
    ],
    "errors": [],
    "paths": {"scanned": ["a.py"]},
}
TEXT = (
    "[FILE] **Linting Results for:** /srv/root/deep/a.py\n\n"
    "**Summary:** 1 errors, 1 warnings\n\n"
    "[ERROR] **flake8**: Failed\n  [ERROR] E501 too long (Line 3)\n  [WARNING] odd\n"
    "[OK] **black**: Passed"
)


def tool_of(mapping: ServerMapping) -> ToolMapping:
    found = mapping.lint or mapping.static
    assert found is not None
    return found


def read(mapping: ServerMapping, told: CallResult, request: Request) -> list[Finding]:
    return read_answer(tool_of(mapping).answer, told, request, "server")


def lines(reports: list[Any]) -> CallResult:
    spoken = ["Here are the results:", *map(json.dumps, reports), "If the user asked, proceed."]
    return CallResult("\n".join(spoken), None, False)


def structured(report: JsonValue) -> CallResult:
    return CallResult(json.dumps(report), report, False)


def test_each_shape_is_read_as_it_is() -> None:
    eslint = read(ESLINT, lines(ESLINT_REPORTS), TWO)
    assert [(one.file, one.rule, one.severity) for one in eslint] == [
        ("a.js", "no-debugger", "high"),
        ("a.js", "server", "medium"),
    ]
    (ruff,) = read(ANALYZER, structured(RUFF_REPORT), ONE)
    assert (ruff.file, ruff.line, ruff.column) == ("deep/a.py", 1, 8)
    (semgrep,) = read(SEMGREP, structured(SEMGREP_REPORT), ONE)
    assert (semgrep.file, semgrep.rule, semgrep.message) == ("deep/a.py", "a.b", "No.")
    text = read(CODE_LINTER_MCP, CallResult(TEXT, None, True), ONE)
    assert [(one.line, one.severity) for one in text] == [(3, "high"), (None, "medium")]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))


def changed(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value in one place, or without it for `...`."""
    made = copy.deepcopy(whole)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return made


LIES: st.SearchStrategy[Any] = st.sampled_from(
    [..., None, [], {}, "", "lie", "/etc/passwd", "../a.js", 0, 7, -1, True]
)
SHAPES = [
    pytest.param(ESLINT, ESLINT_REPORTS, TWO, id="eslint"),
    pytest.param(ANALYZER, RUFF_REPORT, ONE, id="analyzer"),
    pytest.param(SEMGREP, SEMGREP_REPORT, ONE, id="semgrep"),
]


@pytest.mark.parametrize(("mapping", "whole", "request_"), SHAPES)
@settings(max_examples=400)
@given(data=st.data())
def test_one_lie_never_makes_a_pass(
    mapping: ServerMapping, whole: Any, request_: Request, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(list(places(whole))))
    lie = changed(whole, path, data.draw(LIES))
    told = lines(lie) if mapping is ESLINT else structured(lie)
    if mapping is SEMGREP and isinstance(lie, dict) and lie.get("results") == []:
        return  # It says that it looked and found nothing, and has no count that could disagree.
    try:
        found = read(mapping, told, request_)
    except UnreadableOutput:
        return
    assert found
    assert {one.file for one in found} <= set(request_.files)


@settings(max_examples=400)
@given(st.integers(0, len(TEXT)), st.integers(0, len(TEXT)), st.sampled_from(["", "\n", "x"]))
def test_no_cut_in_a_text_makes_a_pass(start: int, end: int, instead: str) -> None:
    cut = TEXT[: min(start, end)] + instead + TEXT[max(start, end) :]
    try:
        found = read(CODE_LINTER_MCP, CallResult(cut, None, False), ONE)
    except UnreadableOutput:
        return
    assert found


@pytest.mark.parametrize(
    ("reports", "reason"),
    [
        ([], "no report"),
        (ESLINT_REPORTS[:1], "did not look at b.js"),
        ([*ESLINT_REPORTS, ESLINT_REPORTS[1]], "the same file twice"),
        ([{**ESLINT_REPORTS[0], "filePath": "/elsewhere/a.js"}], "not in the folder"),
        ([{**ESLINT_REPORTS[0], "filePath": "/srv/root/c.js"}], "was not given"),
    ],
)
def test_the_files_have_to_be_those_that_were_asked_about(reports: list[Any], reason: str) -> None:
    with pytest.raises(UnreadableOutput, match=reason):
        read(ESLINT, lines(reports), TWO)


def test_an_error_is_no_answer_whatever_it_holds() -> None:
    for mapping, whole in ((ANALYZER, RUFF_REPORT), (SEMGREP, SEMGREP_REPORT)):
        told = CallResult("It broke.", whole, True)
        with pytest.raises(UnreadableOutput, match="answered with an error: It broke"):
            read(mapping, told, ONE)


def test_servers_are_told_apart_by_their_tools() -> None:
    names = [tool for one in KNOWN for tool in one.tools]
    assert len(names) == len(set(names))
