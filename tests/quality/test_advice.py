"""Every failure says what to do about it."""

from typing import Any

import pytest

from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.advice import advised, gate_advice
from gitops_auditor.quality.evidence import Evidence
from gitops_auditor.quality.gate import Gate

FAILED = Evidence("failed", "It failed.", metrics={"run_id": "run1"})


def finding(**fields: Any) -> Finding:
    return Finding(**{"tool": "ruff", "rule": "F821", "severity": "high", "message": "m", **fields})


@pytest.mark.parametrize(
    ("fields", "fix"),
    [
        ({"file": "a.py", "line": 3}, "Run: ruff rule F821"),
        ({"tool": "biome", "rule": "lint/suspicious/noDebugger"}, "Run: biome explain noDebugger"),
        (
            {"tool": "prettier", "rule": "prettier", "file": "a b;c.js"},
            "Run: prettier --write 'a b;c.js'",
        ),
        (
            {"rule": "invalid-syntax", "file": "a.py", "line": 3},
            "Correct line 3 of a.py as the rule invalid-syntax of ruff asks.",
        ),
        (
            {"tool": "other", "rule": "style/x", "file": "a.py"},
            "Correct a.py as the rule style/x of other asks.",
        ),
    ],
)
def test_a_finding_in_a_file_says_how_it_goes_away(fields: dict[str, Any], fix: str) -> None:
    assert advised(finding(**{"file": "a.js", **fields})).fix == fix


@pytest.mark.parametrize("fields", [{"file": "a.py", "fix": "Do it."}, {}])
def test_what_a_tool_says_itself_and_what_is_in_no_file_stays(fields: dict[str, Any]) -> None:
    assert advised(finding(**fields)) == finding(**fields)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"check": "README.md exists"}, "Make it so that README.md exists."),
        ({"pipeline": "tests"}, "Call explain_failure for the run run1."),
        ({"minimum": 80}, "Write tests"),
        ({"baseline": "previous_release"}, "Find what made the figures worse"),
        ({"mcp": "code-linter"}, ""),
    ],
)
def test_a_gate_that_failed_says_what_to_do(gate: dict[str, Any], words: str) -> None:
    advice = gate_advice(Gate.model_validate({"name": "G", **gate}), FAILED)
    assert advice.startswith(words)
    assert bool(advice) == bool(words)


def test_a_gate_that_passed_needs_nothing() -> None:
    assert gate_advice(Gate.model_validate({"name": "G", "minimum": 80}), Evidence("passed")) == ""
