"""How plans are carried out."""

import anyio
import pytest
from sqlalchemy import select, update
from typing_extensions import override

from gitops_auditor.errors import Conflict, Unavailable
from gitops_auditor.orchestrator.effects.effect import Facts, StepContext, Undone
from gitops_auditor.orchestrator.records import Phase, Plan, Step
from gitops_auditor.orchestrator.running.ports import Point
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.orchestrator.store.driving import Change, Fenced
from gitops_auditor.storage.plan_tables import plans
from gitops_auditor.storage.tables import events
from tests.orchestrator.running.world import BranchFile, World, family, kept, no_hook


class Forgetful(BranchFile):
    """Says that it undid what it did not."""

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        return Undone("undone", "Deleted the branch.")


async def started(world: World, plan: Plan) -> Plan:
    """The plan, told to be executed whole."""
    await kept(world.database, plan)
    return await world.runs.execute(plan.id, "ann")


async def told(world: World) -> list[str]:
    """The names of the events of plans, in order."""
    query = select(events.c.name).where(events.c.channel == "plans").order_by(events.c.seq)
    async with world.database.read() as connection:
        return [*await connection.scalars(query)]


def made_by(step: Step) -> tuple[str, str]:
    """What a step leaves in a snapshot."""
    if step.kind == "pull_request":
        return f"open {step.repository_id}", ""
    return f"{'branch' if step.kind == 'branch' else 'heads'}/{step.repository_id}", step.marker


async def test_a_plan_is_executed_phase_by_phase_with_gates_after_each(world: World) -> None:
    plan = await started(world, family())
    end = await world.drive(plan.id)
    assert (end.status, {one.status for one in end.phases}) == ("completed", {"completed"})
    assert world.snapshot() == dict(made_by(one) for one in end.steps)
    assert [len(one.evidence) for one in end.phases] == [1, 2, 2, 1]
    assert {actor for _, actor, _ in world.gates.asked} == {f"plan {plan.id}"}
    names = await told(world)
    phases = [one for one in names if one.startswith("plan.phase.")]
    assert phases == [
        f"plan.phase.{status}"
        for _ in range(4)
        for status in ("executing", "executed", "validating", "completed")
    ]
    assert (names[0], names[-1]) == ("plan.executing", "plan.completed")


async def test_each_effect_stands_in_the_ledger_before_and_after_it(world: World) -> None:
    plan = await started(world, family())
    seen: list[tuple[str, str]] = []

    async def look(context: StepContext) -> None:
        async with world.database.read() as connection:
            lines = await store.ledger(connection, plan.id)
        own = [one.entry for one in lines if one.position == context.step.position]
        present = (await world.journal.get(plan.id)).steps[context.step.position - 1]
        seen.append((",".join(own), present.status))

    world.effects.before = look
    end = await world.drive(plan.id)
    assert set(seen) == {("intent", "running")}
    async with world.database.read() as connection:
        lines = await store.ledger(connection, plan.id)
    assert len(lines) == 2 * len(end.steps)
    by_step = [one.data for one in lines if one.position == 3]
    assert by_step == [{"pre_image": {"head": "base"}}, {"result": {"head": "plan/3"}}]


async def test_the_audit_log_names_the_plan_its_hash_and_each_step(world: World) -> None:
    plan = await started(world, family())
    await world.drive(plan.id)
    records = [one async for one in world.audit.export() if one.operation == "plan_step"]
    assert len(records) == len(plan.steps)
    assert {(one.actor, one.result) for one in records} == {(f"plan {plan.id}", "success")}
    facts = [one.parameters for one in records if isinstance(one.parameters, dict)]
    assert {one["hash"] for one in facts} == {plan.hash}
    assert sorted(str(one["position"]) for one in facts) == sorted(
        str(one.position) for one in plan.steps
    )
    assert (await world.audit.verify()).ok


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


async def test_of_two_drivers_one_carries_a_plan_out(world: World, other: World) -> None:
    plan = await started(world, family())
    found: list[object] = []

    async def drive(one: World) -> None:
        found.append(await one.driver.drive(plan.id))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(drive, world)
        tasks.start_soon(drive, other)
    assert sorted(found, key=str) == [None, "completed"]
    async with world.database.read() as connection:
        lines = await store.ledger(connection, plan.id)
    assert len(lines) == 2 * len(plan.steps)


async def test_who_lost_a_plan_writes_nothing_any_more(world: World, other: World) -> None:
    plan = await started(world, family())
    first = await world.journal.claim(plan.id, "1-dead", None)
    assert first is not None
    with pytest.raises(Fenced):
        await world.journal.save(first._replace(fence=0), Change(plan, plan))
    assert (await other.drive(plan.id)).status == "completed"
    with pytest.raises(Fenced):
        await world.journal.save(first, Change(plan, plan))
    taken = [one async for one in world.audit.export() if one.operation == "take_over_plan"]
    assert [one.parameters for one in taken] == [{"plan_id": plan.id, "from": "1-dead"}]


async def test_a_driver_that_loses_its_plan_stops_without_touching_it(world: World) -> None:
    plan = await started(world, family())

    async def steal(context: StepContext) -> None:
        if context.repository.id == "core":
            async with world.database.write() as transaction:
                mine = plans.c.id == plan.id
                values = {"owner": "1-other", "fence": plans.c.fence + 1}
                await transaction.execute(update(plans).where(mine).values(values))

    world.effects.before = steal
    assert await world.driver.drive(plan.id) is None
    left = await world.journal.get(plan.id)
    assert left.status == "executing"
    assert {one.status for one in left.steps_of(2)} <= {"running", "pending"}


async def test_a_process_that_is_told_to_stop_hands_its_plan_over(
    world: World, other: World
) -> None:
    plan = await started(world, family())
    reached = anyio.Event()

    async def stay(context: StepContext) -> None:
        if context.repository.id == "web":
            reached.set()
            await anyio.sleep_forever()

    world.effects.before = stay
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.driver.drive, plan.id)
            await reached.wait()
            tasks.cancel_scope.cancel()
    assert await world.journal.owner(plan.id) == (plan.id, None)
    assert (await other.drive(plan.id)).status == "completed"


async def test_a_cancelled_plan_stops_after_its_present_steps_and_goes_on_when_resumed(
    world: World,
) -> None:
    plan = await started(world, family())

    async def cancel(context: StepContext) -> None:
        if context.repository.id == "core" and context.step.kind == "branch":
            await world.runs.cancel(plan.id, "ann")

    world.effects.before = cancel
    held = await world.drive(plan.id)
    assert (held.status, held.cancel_requested) == ("held", False)
    assert held.reason == "It was stopped on request."
    assert held.phase(1).status == "completed"
    assert "pending" in {one.status for one in held.steps_of(2)}
    world.effects.before = no_hook
    await world.runs.resume(plan.id, "ann")
    assert (await world.drive(plan.id)).status == "completed"


async def test_a_plan_that_waits_between_phases_is_stopped_there(world: World) -> None:
    plan = await started(world, family())

    async def stay(_phase: object) -> None:
        await world.runs.cancel(plan.id, "ann")
        await anyio.sleep_forever()

    world.around.waiting = stay
    held = await world.drive(plan.id)
    assert (held.status, held.phase(1).status) == ("held", "pending")
    assert world.snapshot() == {}


async def test_repositories_of_a_phase_go_at_once_as_many_as_there_are_workers(
    world: World,
) -> None:
    at_once: list[int] = []
    inside: set[str] = set()
    both = anyio.Event()

    async def meet(context: StepContext) -> None:
        inside.add(context.repository.id)
        at_once.append(len(inside))
        if context.repository.id in ("core", "api") and context.step.kind == "branch":
            if {"core", "api"} <= inside:
                both.set()
            await both.wait()
        inside.discard(context.repository.id)

    world.effects.before = meet
    plan = await started(world, family())
    assert (await world.drive(plan.id)).status == "completed"
    assert max(at_once) == 2
    at_once.clear()
    inside.clear()
    alone = world.with_parts(workers=1)
    second = await started(alone, family())
    assert (await alone.drive(second.id)).status == "completed"
    assert max(at_once) == 1


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
