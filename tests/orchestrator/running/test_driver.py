"""How plans are carried out."""

import anyio
import pytest
from sqlalchemy import update

from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.orchestrator.store.driving import Change, Fenced
from gitops_auditor.storage.plan_tables import plans
from tests.orchestrator.running.world import (
    World,
    family,
    made_by,
    no_hook,
    started,
    told,
)


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
