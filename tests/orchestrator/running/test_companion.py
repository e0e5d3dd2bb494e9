"""How plans are carried out beside runs."""

from pathlib import Path

import anyio

from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.running.companion import PlanCompanion
from gitops_auditor.orchestrator.running.driver import PlanDriver
from gitops_auditor.pipelines.executor.companion import accompany
from gitops_auditor.pipelines.executor.executor import Executor
from gitops_auditor.storage.database import Database
from tests.orchestrator.running.world import SECONDS, World, family, kept, open_world
from tests.pipelines.engine.world import World as Runs
from tests.pipelines.engine.world import open_world as open_runs


def unneeded() -> PlanDriver:
    raise AssertionError("Nobody waits.")


def executor_of(runs: Runs, companion: PlanCompanion) -> Executor:
    return Executor(runs.engine, runs.journal, runs.process, runs.folder, [companion])


async def test_the_executor_ends_after_the_plans_that_waited(
    tmp_path: Path, database: Database, world: World
) -> None:
    plans = [await kept(database, family()) for _ in range(2)]
    for plan in plans:
        await world.runs.execute(plan.id, "ann")
    companion = PlanCompanion(world.journal, lambda: world.driver)
    async with open_runs(tmp_path, database) as runs:
        with anyio.fail_after(SECONDS):
            await executor_of(runs, companion).work(until_idle_seconds=0)
    assert {(await world.journal.get(one.id)).status for one in plans} == {"completed"}
    assert not companion.is_busy


async def test_no_driver_is_made_where_no_plan_waits(
    tmp_path: Path, database: Database, world: World
) -> None:
    companion = PlanCompanion(world.journal, unneeded)
    async with open_runs(tmp_path, database) as runs:
        with anyio.fail_after(SECONDS):
            await executor_of(runs, companion).work(until_idle_seconds=0)
    companion.let_go()


async def test_an_executor_that_is_stopped_hands_its_plans_to_the_next(
    tmp_path: Path, database: Database, world: World, other: World
) -> None:
    plan = await kept(database, family())
    await world.runs.execute(plan.id, "ann")
    reached = anyio.Event()

    async def stay(_context: StepContext) -> None:
        reached.set()
        await anyio.sleep_forever()

    world.effects.before = stay
    companion = PlanCompanion(world.journal, lambda: world.driver)
    async with open_runs(tmp_path, database) as runs:
        with anyio.fail_after(SECONDS):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(executor_of(runs, companion).work)
                await reached.wait()
                assert companion.is_busy
                tasks.cancel_scope.cancel()
            async with anyio.create_task_group() as tasks:
                second = PlanCompanion(other.journal, lambda: other.driver)
                tasks.start_soon(accompany, second, other.journal)
                assert (await other.runs.wait(plan.id, SECONDS)).status == "completed"
                tasks.cancel_scope.cancel()


async def test_a_process_that_may_be_taken_for_dead_lets_go_of_its_plans(world: World) -> None:
    plan = await kept(world.database, family())
    await world.runs.execute(plan.id, "ann")
    companion = PlanCompanion(world.journal, lambda: world.driver)

    async def lapse(_context: StepContext) -> None:
        companion.let_go()
        await anyio.sleep_forever()

    world.effects.before = lapse
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            await companion.take(tasks)
    assert await world.journal.owner(plan.id) == (plan.id, None)
    assert (await world.journal.get(plan.id)).status == "executing"


async def test_what_is_carried_out_by_a_living_process_is_left_to_it(
    tmp_path: Path, database: Database, world: World
) -> None:
    plan = await kept(database, family())
    await world.runs.execute(plan.id, "ann")
    async with open_world(tmp_path, database) as living:
        claim = await living.journal.claim(plan.id, living.process.id, None)
        assert claim is not None
        assert await world.driver.drive(plan.id) is None
    assert (await world.drive(plan.id)).status == "completed"
    assert await world.driver.drive(plan.id) is None
