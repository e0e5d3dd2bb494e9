"""Which process carries out a plan that was told what to do."""

from pathlib import Path

import anyio

from gitops_auditor.app import executor_of
from gitops_auditor.orchestrator.records import Goal, Plan
from gitops_auditor.orchestrator.running.goals import with_execution
from gitops_auditor.orchestrator.store.driving import PlanJournal
from gitops_auditor.pipelines.dispatching import LocalDispatcher
from gitops_auditor.pipelines.executor.lock import ExecutorLock
from gitops_auditor.pipelines.remote.dispatcher import RemoteDispatcher
from gitops_auditor.services import Services
from tests.orchestrator.running.world import SECONDS, family, kept


async def waiting_plan(services: Services) -> Plan:
    """A plan that is to be executed, of repositories that nobody registered."""
    plan = await kept(services.database, family("none"))
    journal = PlanJournal(services.database, services.events, services.audit)
    goal = Goal(action="execute", first=1, last=4)
    async with services.audit.operation("ann", "execute_plan", {}):
        return await journal.decide(plan.id, lambda present: with_execution(present, goal))


async def test_the_executor_of_the_platform_carries_plans_out(services: Services) -> None:
    plan = await waiting_plan(services)
    async with executor_of(services) as executor, anyio.create_task_group() as tasks:
        if isinstance(services.pipelines.dispatcher, RemoteDispatcher):
            tasks.start_soon(services.pipelines.dispatcher.work, executor, services.process, 1)
        else:
            tasks.start_soon(executor.work)
        held = await services.plans.runs.wait(plan.id, SECONDS)
        tasks.cancel_scope.cancel()
    assert held.status == "held"
    assert "lib is not registered any more." in held.reason


async def test_a_command_carries_a_plan_out_itself_unless_another_process_is_the_executor(
    services: Services,
) -> None:
    dispatcher, plan = services.pipelines.dispatcher, await waiting_plan(services)

    async def carry_out() -> None:
        await services.plans.companion.carry_out(plan.id)

    async with executor_of(services) as executor:
        lock = ExecutorLock(services.settings.data_dir)
        with lock.closing():
            assert lock.acquire()
            async with dispatcher.foreground(executor):
                await dispatcher.waiting(carry_out)
        assert (await services.plans.runs.wait(plan.id, 0)).status == "executing"
        async with dispatcher.foreground(executor):
            await dispatcher.waiting(carry_out)
    assert (await services.plans.runs.wait(plan.id, 0)).status == "held"


async def test_where_some_process_is_the_executor_none_is_started(services: Services) -> None:
    data_dir: Path = services.settings.data_dir
    lock = ExecutorLock(data_dir)
    with lock.closing():
        assert lock.acquire()
        await LocalDispatcher(services.settings).waiting(anyio.sleep_forever)
    assert not (data_dir / "executor.log").exists()
