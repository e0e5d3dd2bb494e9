"""What gates said becomes results, and a report of all of them."""

import time
from typing import Any

import pytest

from gitops_auditor.formats.findings import ToolReport
from gitops_auditor.quality.asking import Answer
from gitops_auditor.quality.concluding import About, gate_result, report_of
from gitops_auditor.quality.evidence import Evidence
from gitops_auditor.quality.requests import Selection
from gitops_auditor.quality.results import Enforcement, QualityReport
from tests.quality.asked import NOW, REPOSITORY, asked, lint
from tests.quality.kept import OVERRIDE, TREE, finding, result

FOUND = (finding("low"), finding("critical"), finding("low", line=9))
FAILED = Evidence("failed", "They are bad.", FOUND)


def about(enforcement: Enforcement = "strict") -> About:
    began = time.monotonic()
    commit = ("main", "c" * 40, TREE, "b" * 40, ("a.py",), "run1")
    return About("v01", REPOSITORY, "pre_merge", *commit, enforcement, began, NOW)


def answer(evidence: Evidence = FAILED, /, *, gate: Any = None, **facts: Any) -> Answer:
    return Answer(asked(gate), evidence, **facts)


def concluded(
    *answers: Answer, selection: Selection | None = None, enforcement: Enforcement = "strict"
) -> QualityReport:
    subject = about(enforcement)
    results = [gate_result(subject, one, None) for one in answers]
    return report_of(subject, selection or Selection(), answers, results)


def test_a_result_has_the_worst_first_and_what_the_gate_is() -> None:
    made = gate_result(about(), answer(seconds=1.23456), None)
    assert [one.severity for one in made.findings] == ["critical", "low", "low"]
    assert made.counts == {"critical": 1, "low": 2}
    assert (made.status, made.required, made.score) == ("failed", True, 34.3)
    assert (made.duration_seconds, made.run_id, made.tree) == (1.235, "run1", TREE)
    stored = asked().stored
    assert (made.gate_id, made.digest, made.kind) == (stored.id, stored.digest, "mcp")


def test_findings_that_were_not_kept_count() -> None:
    tools = (
        ToolReport(tool="ruff", status="failed", counts={"low": 9_000}),
        ToolReport(tool="mypy", status="failed", counts={"high": 2, "low": 1}),
    )
    evidence = Evidence("failed", "", FOUND, tools)
    assert gate_result(about(), answer(evidence), None).counts == {"high": 2, "low": 9_001}
    compared = gate_result(about(), answer(evidence, new=3), None)
    assert (compared.counts, compared.new) == ({"critical": 1, "low": 2}, 3)


def test_a_reused_answer_counts_as_it_did() -> None:
    before = result(counts={"low": 9_000})
    made = gate_result(about(), answer(reused=before), None)
    assert (made.counts, made.cached_from) == ({"low": 9_000}, before.id)
    assert made.id != before.id


def test_figures_are_plain() -> None:
    metrics = {"a": {"b": 1, "c": {"d": None}}, "list": [1, "x"], "is": True}
    made = gate_result(about(), answer(Evidence("passed", metrics=metrics)), None)  # type: ignore[arg-type]
    assert made.metrics == {"a.b": 1, "a.c.d": None, "list": "1, x", "is": True}


@pytest.mark.parametrize(
    ("verdict", "status", "is_kept"),
    [("failed", "warning", True), ("error", "warning", True), ("passed", "passed", False)],
)
def test_an_override_lets_pass_without_making_a_pass_of_it(
    verdict: Any, status: str, *, is_kept: bool
) -> None:
    made = gate_result(about(), answer(Evidence(verdict, "So it is.")), OVERRIDE)
    assert made.status == status
    assert made.override == (OVERRIDE if is_kept else None)


def test_what_to_do_is_said_by_the_check_before_the_gate() -> None:
    gate = lint(fix="make lint")
    assert gate_result(about(), answer(gate=gate), None).fix == "make lint"
    said = Evidence("failed", "", fix="Do this.")
    assert gate_result(about(), answer(said, gate=gate), None).fix == "Do this."


def test_the_worst_gate_decides_and_all_of_them_score() -> None:
    passed, advisory = Evidence("passed"), lint(required=False)
    made = concluded(answer(passed), answer(gate=advisory))
    assert (made.status, made.passed, made.score) == ("warning", True, 42.3)
    assert (made.base, made.files, made.ref) == ("b" * 40, ["a.py"], "main")
    worse = concluded(answer(passed), answer())
    assert (worse.status, worse.passed) == ("failed", False)
    assert concluded(answer(), enforcement="warn").status == "warning"


def test_without_gates_nothing_passes() -> None:
    made = concluded()
    assert (made.status, made.passed, made.score) == ("skipped", False, None)


def test_gates_that_cannot_be_read_let_nothing_pass() -> None:
    selection = Selection(problems=["It is no YAML.", "Twice."], notes=["One more file."])
    made = concluded(answer(Evidence("passed")), selection=selection)
    assert (made.status, made.passed, made.score) == ("error", False, None)
    assert "It is no YAML." in made.reason
    assert made.notes == ["It is no YAML.", "Twice.", "One more file."]
