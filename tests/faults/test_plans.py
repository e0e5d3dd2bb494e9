"""Plans outlive whoever told them to execute: a process of their own carries them out."""

from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.orchestrator.records import Plan
from tests.factories.databases import migrated_sqlite
from tests.factories.family import open_family
from tests.factories.runs import run_settings
from tests.factories.terminal import SECONDS, started
from tests.faults.editor import call_and_leave, environment_for
from tests.faults.machine import Machine, executors, narrow_settings
from tests.orchestrator.whole import Coordination, merged


@pytest.fixture
async def narrow(reachable: Path) -> Settings:
    settings = narrow_settings(reachable, await migrated_sqlite(reachable), plan_step_tries=20)
    return settings.model_copy(update=run_settings(reachable))


@pytest.fixture
async def coordination(watcher: Machine) -> Coordination:
    services = watcher.platform.services
    return Coordination(services, await open_family(services, watcher.folder / "family"))


@pytest.mark.parametrize("asker", ["command", "editor"])
async def test_a_plan_outlives_the_process_that_asked_for_it(
    coordination: Coordination, narrow: Settings, asker: str
) -> None:
    before = await coordination.family.snapshot()
    plan = await coordination.plan()
    # The last member cannot be merged before it is gone: somebody writes there.
    lock = coordination.family.remote("shop") / "refs" / "heads" / "main.lock"
    lock.touch()
    if asker == "editor":
        ask = partial(call_and_leave, narrow, "execute_plan", {"plan_id": plan.id}, "is killed")
        assert (await anyio.to_thread.run_sync(ask))["status"] == "executing"
        await begun(coordination, plan)
    else:
        with started("plan", "execute", plan.id, env=environment_for(narrow)) as command:
            await begun(coordination, plan)
            command.kill()
    assert len(executors(narrow.data_dir)) == 1
    lock.unlink()
    done = await coordination.ended(plan)
    assert (done.status, done.reason) == ("completed", "")
    assert await coordination.family.snapshot() == merged(plan, before, 1, 2, 3, 4)


async def begun(coordination: Coordination, plan: Plan) -> None:
    """Wait until a first step is done."""
    services = coordination.services
    with anyio.fail_after(SECONDS):
        while True:
            seen = services.database.changes.version
            found = await services.plans.plans.get(plan.id)
            if any(one.status == "done" for one in found.steps):
                return
            await services.database.changes.wait(seen, 1.0)
