"""Plans as a terminal shows them."""

import pytest

from gitops_auditor.cli.plan_showing import show_details, typed
from gitops_auditor.orchestrator.records import GateEvidence
from gitops_auditor.orchestrator.views import details_of
from tests.orchestrator.plans import plan_of


def test_what_comes_next_is_said_with_commands(capsys: pytest.CaptureFixture[str]) -> None:
    plan = plan_of(("acme/lib",), ("acme/shop",)).model_copy(update={"needs_approval": False})
    show_details(details_of(plan, None))
    shown = capsys.readouterr().out
    assert "next `plan execute`, or `plan phase` for phase 1." in shown
    assert "_plan" not in shown


def test_an_operation_without_a_command_is_left_as_it_is() -> None:
    assert typed("Look; then resume_plan or else.") == "Look; then `plan resume` or else."
    assert typed("Call scan_dependencies.") == "Call scan_dependencies."


def test_notes_of_the_plan_are_told_from_those_of_the_last_repository(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plan = plan_of(("acme/lib",))
    plan = plan.model_copy(update={"notes": ["Gates said no."]})
    show_details(details_of(plan, None))
    assert "notes\n  - Gates said no." in capsys.readouterr().out


def test_a_gate_that_said_no_names_its_validation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    plan = plan_of(("acme/lib",))
    said = GateEvidence(
        repository_id="acme/lib",
        gate_type="post_phase",
        commit="c" * 40,
        validation_id="v1",
        status="failed",
        passed=False,
        reason="Of 1 gate 1 failed (Tests).",
    )
    (rendering,) = plan.renderings
    fair = said.model_copy(update={"passed": True, "status": "passed", "reason": "All passed."})
    changed = rendering.model_copy(update={"gates": [said, fair]})
    show_details(details_of(plan.model_copy(update={"renderings": [changed]}), None))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith("Validation v1 has the details.") for line in lines)
    assert any(line.endswith("passed: post_phase: All passed.") for line in lines)


def test_a_plan_that_could_not_be_rendered_everywhere_is_to_be_made_again() -> None:
    plan = plan_of(("acme/lib",))
    failed = [one.model_copy(update={"status": "failed"}) for one in plan.renderings]
    said = details_of(plan.model_copy(update={"renderings": failed}), None).next
    assert typed(said).endswith("and call `plan bump, script or pipeline`.")
