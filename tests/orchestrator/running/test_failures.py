"""What becomes of plans in which something fails, breaks down, or cannot be undone."""

import pytest
from typing_extensions import override

from gitops_auditor.errors import Conflict, Unavailable
from gitops_auditor.orchestrator.effects.effect import Facts, StepContext, Undone
from gitops_auditor.orchestrator.records import Phase
from gitops_auditor.orchestrator.running.ports import Point
from tests.orchestrator.running.world import (
    BranchFile,
    World,
    family,
    made_by,
    no_hook,
    started,
    told,
)


class Forgetful(BranchFile):
    """Says that it undid what it did not."""

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        return Undone("undone", "Deleted the branch.")


async def test_what_fails_is_undone_by_the_policy_and_the_plan_is_held(world: World) -> None:
    plan = await started(world, family("failed_phase"))
    (world.folder / "red-3").touch()
    end = await world.drive(plan.id)
    assert end.status == "held"
    assert "Tests fail." in end.reason
    assert [one.status for one in end.phases] == [
        "completed",
        "completed",
        "rolled_back",
        "not_started",
    ]
    assert {one for one in world.snapshot() if one.startswith("closed")} == {
        "closed web",
        "closed cli",
    }
    assert {one for one in world.snapshot() if one.startswith("heads")} == {
        "heads/lib",
        "heads/core",
        "heads/api",
    }
    undone = [one async for one in world.audit.export() if one.operation == "undo_plan_step"]
    assert len(undone) == 6


async def test_a_step_that_fails_is_undone_with_its_phase_though_it_has_no_result(
    world: World,
) -> None:
    plan = await started(world, family("all"))

    async def refuse(context: StepContext) -> None:
        if (context.step.kind, context.repository.id) == ("merge", "core"):
            raise Conflict("Reviews are missing.", hint="Ask for them.")

    world.effects.before = refuse
    end = await world.drive(plan.id)
    assert end.status == "held"
    assert "core: " in end.reason
    assert "Reviews are missing." in end.reason
    assert world.snapshot() == {"closed lib": "", "closed core": "", "closed api": ""}
    failed = next(one for one in end.steps if one.failure_kind)
    assert (failed.failure_kind, failed.status, failed.attempt) == ("failed", "undone", 1)


async def test_what_somebody_changed_since_is_not_undone_and_named(world: World) -> None:
    plan = await started(world, family("failed_phase"))

    async def push() -> None:
        (world.folder / "effects" / "heads" / "lib").write_text("theirs", encoding="utf-8")

    (world.folder / "red-1").touch()
    world.gates.before = push
    end = await world.drive(plan.id)
    assert (end.status, end.phase(1).status) == ("held", "partly_rolled_back")
    assert "Revert lib by hand." in end.reason
    assert world.snapshot() == {"heads/lib": "theirs", "closed lib": ""}


async def test_undoing_is_believed_only_when_it_equals_what_was_there_before(
    world: World,
) -> None:
    plan = await started(world, family("failed_phase"))
    (world.folder / "red-1").touch()
    effects = {**world.parts.effects, "branch": Forgetful(world.effects)}
    end = await world.with_parts(effects=effects).drive(plan.id)
    step = end.steps[0]
    assert (step.status, step.reason) == ("not_undone", "There is a branch.")


async def test_what_errors_is_tried_again_and_then_the_plan_is_held_as_it_is(
    world: World,
) -> None:
    plan = await started(world, family("all"))
    tries: list[str] = []

    async def break_down(context: StepContext) -> None:
        if context.repository.id == "lib" and context.step.kind == "merge":
            tries.append(context.step.marker)
            if len(tries) <= 3:
                raise Unavailable("The forge is away.", hint="Look at it.")

    world.effects.before = break_down
    held = await world.drive(plan.id)
    assert (held.status, held.phase(1).status, len(tries)) == ("held", "errored", 3)
    assert "The forge is away." in held.reason
    assert [one.status for one in held.phases[1:]] == ["not_started"] * 3
    await world.runs.resume(plan.id, "ann")
    end = await world.drive(plan.id)
    assert (end.status, len(tries)) == ("completed", 4)


async def test_a_fault_of_ours_is_an_error_of_the_step_and_its_text_is_not_told(
    world: World,
) -> None:
    plan = await started(world, family())

    async def break_down(_context: StepContext) -> None:
        raise ZeroDivisionError("a secret")

    world.effects.before = break_down
    held = await world.drive(plan.id)
    assert held.status == "held"
    assert "ZeroDivisionError" in held.reason
    assert "a secret" not in held.model_dump_json()


async def test_a_phase_waits_for_what_it_needs_and_a_stale_plan_does_not_go_on(
    world: World,
) -> None:
    plan = await started(world, family())

    async def grow_stale(phase: Phase) -> None:
        if phase.number == 2:
            world.around.moved = "main of shop"

    world.around.waiting = grow_stale
    held = await world.drive(plan.id)
    assert [one.status for one in held.phases] == [
        "completed",
        "completed",
        "rolled_back",
        "not_started",
    ]
    assert "main of shop moved." in held.reason
    assert "plan.progress" in await told(world)


async def test_a_database_that_is_away_ends_nothing_and_the_plan_goes_on_later(
    world: World,
) -> None:
    plan = await started(world, family())

    def go_away(point: Point) -> None:
        seen.append(point)
        if point == "save.before" and seen.count(point) == 9:
            raise Unavailable("The database is locked.", hint="Wait.")

    seen: list[Point] = []
    flaky = world.with_parts(fault=go_away)
    with pytest.raises(Unavailable):
        await flaky.driver.drive(plan.id)
    assert (await world.journal.get(plan.id)).status == "executing"
    assert (await flaky.drive(plan.id)).status == "completed"
    assert world.snapshot() == dict(made_by(one) for one in plan.steps)


async def test_a_fault_in_the_driver_holds_the_plan_instead_of_trying_for_ever(
    world: World,
) -> None:
    plan = await started(world, family())

    def break_down(point: Point) -> None:
        if point == "gates.before":
            raise KeyError("a secret")

    held = await world.with_parts(fault=break_down).drive(plan.id)
    assert (held.status, held.goal) == ("held", None)
    assert "KeyError" in held.reason
    assert "a secret" not in held.model_dump_json()


async def test_gates_that_cannot_be_asked_hold_the_plan_and_are_asked_again_when_resumed(
    world: World,
) -> None:
    plan = await started(world, family("all"))
    asked: list[str] = []

    async def be_away() -> None:
        asked.append("")
        if len(asked) <= 3:
            raise Unavailable("The linter is away.", hint="Start it.")

    world.gates.before = be_away
    held = await world.drive(plan.id)
    assert (held.status, held.phase(1).status, len(asked)) == ("held", "errored", 3)
    assert {one.status for one in held.steps_of(1)} == {"done"}
    await world.runs.resume(plan.id, "ann")
    assert (await world.drive(plan.id)).status == "completed"


async def test_gates_that_could_not_look_hold_the_plan_and_undo_nothing(world: World) -> None:
    plan = await started(world, family("all"))
    (world.folder / "red-1").touch()
    world.gates.red = "error"
    held = await world.drive(plan.id)
    assert (held.status, held.phase(1).status) == ("held", "errored")
    assert {one.status for one in held.steps_of(1)} == {"done"}
    (world.folder / "red-1").unlink()
    await world.runs.resume(plan.id, "ann")
    assert (await world.drive(plan.id)).status == "completed"


async def test_an_undoing_that_breaks_down_is_tried_again_and_then_named(world: World) -> None:
    plan = await started(world, family("failed_phase"))
    (world.folder / "red-1").touch()
    tries: list[str] = []

    async def be_away(context: StepContext) -> None:
        if context.step.kind == "branch":
            tries.append("")
            raise Unavailable("The forge is away.", hint="Look at it.")

    world.effects.undoing = be_away
    held = await world.drive(plan.id)
    assert (held.phase(1).status, len(tries)) == ("partly_rolled_back", 3)
    assert "The forge is away. Look at it. Delete the branch." in held.reason
    world.effects.undoing = no_hook
    await world.runs.rollback(plan.id, 1, "ann")
    assert (await world.drive(plan.id)).status == "rolled_back"
    assert world.snapshot() == {"closed lib": ""}
