"""Somebody lets a failed gate pass: for exactly these files, with a reason, on the record."""

from typing import Any

import pytest

from gitops_auditor.errors import Conflict, InvalidRequest, NotFound
from gitops_auditor.quality.results import GateResult, Override
from tests.factories.gates import ACTOR, GatedProject, recorded
from tests.factories.git import commit

GATE = {"name": "Readme", "check": "README.md exists"}
REASON = "The readme comes with the next release."


@pytest.fixture
async def failed(gated: GatedProject) -> GateResult:
    """What the only gate of the project says."""
    await gated.state(GATE)
    return await gated.only()


async def overridden(gated: GatedProject, result: GateResult, reason: str = REASON) -> Override:
    async with gated.services.audit.operation("ann", "override_gate", {"reason": reason}):
        return await gated.services.quality.overrides.create(result.id, reason, "ann")


async def test_these_files_pass_with_a_warning_and_no_others(
    gated: GatedProject, failed: GateResult
) -> None:
    made = await overridden(gated, failed)
    report = await gated.validate()
    assert (report.status, report.passed) == ("warning", True)
    assert report.gates[0].override == made
    assert report.score is not None
    await commit(gated.path, {"another.txt": "x"})
    report = await gated.validate()
    assert (report.status, report.passed, report.gates[0].override) == ("failed", False, None)


async def test_it_is_void_for_another_gate(gated: GatedProject, failed: GateResult) -> None:
    await overridden(gated, failed)
    await gated.state({**GATE, "name": "Another"})
    assert (await gated.validate()).passed is False


async def test_who_did_it_and_why_is_in_the_audit(gated: GatedProject, failed: GateResult) -> None:
    made = await overridden(gated, failed)
    entry = await recorded(gated.services, "override_gate")
    assert (entry.actor, entry.changes[0].after) == ("ann", made.model_dump(mode="json"))
    assert made.reason == REASON
    await gated.validate()
    facts: Any = (await recorded(gated.services, "validate_quality")).changes[0].after
    assert facts["gates"][0]["override"] == made.id


@pytest.mark.parametrize("reason", ["", "because", " too     short "])
async def test_without_a_reason_nothing_passes(
    gated: GatedProject, failed: GateResult, reason: str
) -> None:
    with pytest.raises(InvalidRequest, match="it takes 10 at least"):
        await overridden(gated, failed, reason)
    assert (await gated.validate()).passed is False


async def test_what_passed_needs_no_override(gated: GatedProject) -> None:
    await gated.state(GATE, {"README.md": "hello"})
    with pytest.raises(Conflict, match="nothing to override"):
        await overridden(gated, await gated.only())


async def test_a_result_that_there_is_not_cannot_be_overridden(
    gated: GatedProject, failed: GateResult
) -> None:
    with pytest.raises(NotFound):
        await overridden(gated, failed.model_copy(update={"id": "absent"}))


async def test_it_is_void_for_a_gate_of_the_platform_that_changed_since(
    gated: GatedProject,
) -> None:
    gates, audit = gated.services.quality.gates, gated.services.audit
    async with audit.operation(ACTOR, "create_gate", {}):
        given = await gates.create("pre_merge", GATE, ACTOR)
    await overridden(gated, await gated.only())
    assert (await gated.validate()).passed is True
    async with audit.operation(ACTOR, "update_gate", {}):
        await gates.update(given.id, ACTOR, definition={**GATE, "check": "LICENSE exists"})
    assert (await gated.validate()).passed is False
