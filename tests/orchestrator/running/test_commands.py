"""What plans are told, and what is refused."""

from typing import Any

import pytest

from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Refused, Stale
from gitops_auditor.orchestrator.records import Approval, Goal, Plan
from gitops_auditor.orchestrator.running import commands
from gitops_auditor.orchestrator.store import plans as store
from tests.orchestrator.plans import NOW
from tests.orchestrator.running.world import World, family, kept

COMMITS = 40


async def test_a_plan_that_needs_approval_is_executed_once_somebody_agreed(world: World) -> None:
    plan = await kept(world.database, family(needs_approval=True))
    with pytest.raises(Refused, match="gitops-auditor plan approve") as refused:
        await world.runs.execute(plan.id, "ann")
    assert refused.value.details == {"hash": plan.hash}
    with pytest.raises(Refused):
        await world.runs.execute_phase(plan.id, 1, "ann")
    assert world.desk.waiting_for == []
    approval = Approval(
        plan_id=plan.id, hash=plan.hash, approved_by="bob", unprotected=False, comment="",
        created_at=NOW,
    )  # fmt: skip
    async with world.database.write() as transaction:
        await store.approve(transaction, approval)
    assert (await world.runs.execute(plan.id, "ann")).status == "executing"


async def test_what_is_asked_of_a_plan_is_kept_audited_and_brought_to_its_process(
    world: World,
) -> None:
    plan = await kept(world.database, family())
    asked = await world.runs.execute_phase(plan.id, 1, "ann", parallel=False, servers=["github"])
    assert asked.goal == Goal(
        action="execute", first=1, last=1, validate_phases=False, parallel=False,
        servers=["github"],
    )  # fmt: skip
    [record] = [one async for one in world.audit.export() if one.operation == "execute_phase"]
    assert (record.actor, record.result) == ("ann", "success")
    assert isinstance(record.parameters, dict)
    assert record.parameters["hash"] == plan.hash
    [carry_out] = world.desk.waiting_for
    await carry_out()
    done = await world.runs.wait(plan.id, 0)
    assert (done.status, done.phase(1).status, done.goal) == ("paused", "executed", None)


async def test_the_same_once_more_while_a_plan_does_it_is_fine(world: World) -> None:
    plan = await kept(world.database, family())
    first = await world.runs.execute(plan.id, "ann")
    assert await world.runs.execute(plan.id, "bob") == first
    with pytest.raises(Conflict, match="is executing"):
        await world.runs.rollback(plan.id, 1, "bob")


async def test_a_phase_is_validated_with_other_gates_than_its_own(world: World) -> None:
    plan = await kept(world.database, family())
    await world.runs.execute_phase(plan.id, 1, "ann")
    await world.drive(plan.id)
    (world.folder / "red-1").touch()
    await world.runs.validate(plan.id, 1, "ann", ["strict"])
    failed = await world.drive(plan.id)
    assert world.gates.asked == [("lib", f"plan {plan.id}", ["strict"])]
    assert (failed.status, failed.phase(1).status) == ("held", "failed")
    assert [one.passed for one in failed.phase(1).evidence] == [False]
    await world.runs.rollback(plan.id, 1, "ann")
    assert (await world.drive(plan.id)).status == "rolled_back"
    assert world.snapshot() == {"closed lib": ""}


async def test_a_whole_plan_is_undone_from_the_last_phase_on(world: World) -> None:
    plan = await kept(world.database, family())
    await world.runs.execute(plan.id, "ann")
    await world.drive(plan.id)
    with pytest.raises(Conflict, match="Roll back phase 4 first"):
        await world.runs.rollback(plan.id, 3, "ann")
    await world.runs.rollback(plan.id, 1, "ann", last=4)
    assert (await world.drive(plan.id)).status == "rolled_back"
    assert {one.partition(" ")[0] for one in world.snapshot()} == {"closed"}


async def test_a_stale_plan_is_refused_with_what_differs(world: World) -> None:
    plan = await kept(world.database, family())
    world.around.moved = "main of lib"
    with pytest.raises(Stale) as stale:
        await world.runs.execute(plan.id, "ann")
    assert stale.value.details == {"differences": ["main of lib"]}


async def test_a_plan_whose_change_could_not_be_made_everywhere_is_not_executed(
    world: World,
) -> None:
    plan = family()
    broken = plan.renderings[1].model_copy(update={"status": "failed", "reason": "No lock."})
    known = {"renderings": [plan.renderings[0], broken, *plan.renderings[2:]]}
    plan = await kept(world.database, plan.model_copy(update=known))
    with pytest.raises(Conflict, match=f"{broken.repository_id}: No lock"):
        await world.runs.execute(plan.id, "ann")


async def test_unknown_plans_phases_and_servers_are_named(world: World) -> None:
    plan = await kept(world.database, family())
    with pytest.raises(NotFound, match="no plan nothing"):
        await world.runs.execute("nothing", "ann")
    with pytest.raises(NotFound, match=r"'serena'.*github"):
        await world.runs.execute_phase(plan.id, 1, "ann", servers=["serena"])
    with pytest.raises(InvalidRequest, match="no phase 5"):
        await world.runs.validate(plan.id, 5, "ann")


async def test_a_plan_is_given_up(world: World) -> None:
    plan = await kept(world.database, family())
    assert (await world.runs.cancel(plan.id, "ann")).status == "cancelled"
    assert (await world.runs.cancel(plan.id, "ann")).status == "cancelled"
    with pytest.raises(Conflict, match="it is over"):
        await world.runs.execute(plan.id, "ann")


async def test_whoever_waits_is_told_how_far_a_plan_is(world: World) -> None:
    plan = await kept(world.database, family())
    await world.runs.execute(plan.id, "ann")
    told: list[tuple[Any, ...]] = []

    async def progress(*facts: Any) -> None:
        told.append(facts)

    waiting = await world.runs.wait(plan.id, 0, progress)
    assert waiting.goal is not None
    await world.drive(plan.id)
    done: Plan = await world.runs.wait(plan.id, 60, progress)
    assert done.status == "completed"
    assert [told[0], told[-1]] == [(0.0, 18.0, "executing"), (18.0, 18.0, "completed")]


async def test_who_waits_for_a_plan_does_not_read_it_after_each_commit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await kept(world.database, family())
    await world.runs.execute(plan.id, "ann")
    reads, commits = 0, 0
    whole, until = world.journal.get, world.journal.changed

    async def get(plan_id: str) -> Plan:
        nonlocal reads
        reads += 1
        return await whole(plan_id)

    async def changed(seen: int, seconds: float) -> None:
        nonlocal commits
        commits += 1
        if commits >= COMMITS:
            await until(seen, seconds)

    monkeypatch.setattr(world.journal, "get", get)
    monkeypatch.setattr(world.journal, "changed", changed)
    monkeypatch.setattr(commands, "LOOK_SECONDS", 60.0)
    await world.runs.wait(plan.id, 0.5)
    assert reads == 2
