"""What gates say of the trees of a plan, asked for real: checks of files, which need no tool."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.orchestrator.gates import GateQuestion, PhaseGates
from gitops_auditor.services import Services
from tests.factories.gates import GatedProject, open_gated, recorded
from tests.factories.git import commit
from tests.factories.runs import run_settings
from tests.orchestrator.plans import phase, plan_of, rendering

ACTOR = "agent"
README = {"name": "Readme", "check": "README.md exists"}
LICENSE = {"name": "License", "check": "LICENSE exists"}
STATED = """
quality_gates:
  pre_merge:
    - {name: Readme, check: README.md exists}
    - {name: License, check: LICENSE exists, required: false}
  post_phase:
    - {name: Changelog, check: CHANGELOG.md exists}
  pre_deploy:
    - {name: Readme, check: README.md exists}
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@pytest.fixture
async def gated(services: Services, tmp_path: Path) -> GatedProject:
    return await open_gated(services, tmp_path / "tool", {"README.md": "# Tool\n"})


@pytest.fixture
def gates(services: Services) -> PhaseGates:
    return PhaseGates(services.quality, services.repositories, services.audit)


async def test_without_names_the_types_that_follow_a_change_are_asked(
    gated: GatedProject, gates: PhaseGates
) -> None:
    made = await gated.state(STATED)
    evidence = await gates.ask_about(_about(gated, made), ACTOR)
    assert [(one.gate_type, one.status, one.passed) for one in evidence] == [
        ("post_phase", "failed", False),
        ("pre_merge", "warning", True),
    ]
    assert all(one.commit == made and one.validation_id for one in evidence)
    assert (await recorded(gated.services, "validate_quality")).actor == ACTOR


async def test_gates_are_asked_by_type_and_by_name_each_once(
    gated: GatedProject, gates: PhaseGates
) -> None:
    made = await gated.state(STATED)
    asked = _about(gated, made, "pre-merge", "Readme")
    evidence = await gates.ask_about(asked, ACTOR)
    assert [(one.gate_type, one.gate, one.passed) for one in evidence] == [
        ("pre_merge", None, True),
        ("pre_deploy", "Readme", True),
    ]


async def test_a_gate_that_nobody_states_does_not_pass(
    gated: GatedProject, gates: PhaseGates
) -> None:
    made = await gated.state(STATED)
    (evidence,) = await gates.ask_about(_about(gated, made, "Reedme"), ACTOR)
    assert (evidence.status, evidence.passed) == ("error", False)
    assert "Reedme" in evidence.reason


async def test_a_repository_without_gates_is_skipped_and_fails_nothing(
    gated: GatedProject, gates: PhaseGates
) -> None:
    made = await commit(gated.path, {"other.txt": ""})
    (evidence,) = await gates.ask_about(_about(gated, made), ACTOR)
    assert (evidence.status, evidence.passed, evidence.validation_id) == ("skipped", True, "")


async def test_gates_that_cannot_be_read_do_not_pass(
    gated: GatedProject, gates: PhaseGates
) -> None:
    made = await gated.state("quality_gates: [")
    evidence = await gates.ask_about(_about(gated, made), ACTOR)
    assert {(one.status, one.passed) for one in evidence} == {("error", False)}


async def test_a_phase_asks_its_own_gates_unless_others_are_named(
    gated: GatedProject, gates: PhaseGates
) -> None:
    made = await gated.state(STATED)
    name = gated.repository_id
    base = rendering(name, 1).model_copy(update={"base_commit": made})
    plan = plan_of((name,)).model_copy(update={"renderings": [base]})
    own = await gates.ask(plan, phase(1, name), name, made, None, ACTOR)
    assert [one.gate_type for one in own] == ["post_phase"]
    others = await gates.ask(plan, phase(1, name), name, made, ["License"], ACTOR)
    assert [one.gate for one in others] == ["License"]


async def test_the_digest_changes_with_the_gates_and_with_nothing_else(
    gated: GatedProject, gates: PhaseGates, services: Services
) -> None:
    name = gated.repository_id
    first = await gates.digest(name, await gated.state(README))
    same = await gates.digest(name, await commit(gated.path, {"other.txt": "1"}))
    broken = await gates.digest(name, await gated.state("quality_gates: ["))
    changed = await gates.digest(name, await gated.state({**README, "required": False}))
    async with gated.services.audit.operation(ACTOR, "create_quality_gate", {}):
        await services.quality.gates.create("post_phase", LICENSE, ACTOR)
    given = await gates.digest(name, await gated.state(README))
    assert first == same
    assert len({first, broken, changed, given}) == 4


def _about(gated: GatedProject, commit: str, *gates: str) -> GateQuestion:
    return GateQuestion(gated.repository_id, commit, commit, gates, "plan")
