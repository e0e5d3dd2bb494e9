"""One answer says why a gate said what it said, and what to do."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.errors import NotFound
from gitops_auditor.formats.findings import ToolReport, counted
from gitops_auditor.quality.answers import Answers
from gitops_auditor.quality.explanation import CHARACTERS_A_TOKEN, GateExplainer, explain
from gitops_auditor.storage.database import Database
from tests.quality.kept import finding, keep, report, result

MANY = [finding(line=at, fix=f"ruff --fix {at % 3}") for at in range(1, 41)]


@given(st.integers(0, 2_000))
def test_findings_fit_the_budget_and_the_others_are_counted(tokens: int) -> None:
    told = explain(result(status="failed", findings=MANY, counts={"high": 90}), tokens)
    assert told.findings == MANY[: len(told.findings)]
    assert len(told.findings) + told.not_shown == 90
    size = sum(len(one.model_dump_json(exclude_defaults=True)) for one in told.findings)
    assert size <= tokens * CHARACTERS_A_TOKEN or len(told.findings) == 1


def test_everything_is_shown_when_there_is_room() -> None:
    told = explain(result(status="failed", findings=MANY, counts=counted(MANY)), 100_000)
    assert (told.findings, told.not_shown) == (MANY, 0)


def test_what_helps_most_is_first() -> None:
    told = explain(result(status="failed", findings=MANY), 100)
    assert [(one.fix, one.findings) for one in told.fixes] == [
        ("ruff --fix 1", 14),
        ("ruff --fix 0", 13),
        ("ruff --fix 2", 13),
    ]


def test_tools_that_could_not_look_are_named() -> None:
    tools = [
        ToolReport(tool="mypy", status="absent", reason="It is not installed."),
        ToolReport(tool="ruff", status="error", reason="It was killed."),
        ToolReport(tool="bandit", status="passed"),
    ]
    told = explain(result(status="error", reason="Two could not look.", tools=tools), 100)
    assert told.broken_tools == ["mypy: It is not installed.", "ruff: It was killed."]
    assert told.cause == "Two could not look."


@pytest.mark.parametrize(
    ("facts", "suggestion"),
    [
        ({"status": "failed", "fix": "make lint", "findings": MANY}, "make lint"),
        ({"status": "failed", "findings": MANY}, "Begin with E1 in a.py:1."),
        ({"status": "failed", "findings": [finding(file="", line=None)]}, "in the repository."),
        ({"status": "error"}, "Make it able to look"),
        ({"status": "passed"}, "Nothing is left to do."),
        ({"status": "skipped", "reason": "No file is concerned."}, "Read the cause."),
    ],
)
def test_one_thing_is_suggested(facts: dict[str, Any], suggestion: str) -> None:
    assert suggestion in explain(result(**facts), 100).suggestion


def test_the_next_call_asks_the_same_gate() -> None:
    call = explain(result(status="failed"), 100).next_call
    assert (call.operation, call.gate, call.gate_type) == ("validate_quality", "Lint", "pre_merge")


async def test_answers_that_are_kept_are_explained(database: Database) -> None:
    await keep(database, report(1, result(status="failed", findings=MANY)))
    explainer = GateExplainer(Answers(database))
    assert (await explainer.explain("r01", 100_000)).findings == MANY
    with pytest.raises(NotFound):
        await explainer.explain("r02", 100)
