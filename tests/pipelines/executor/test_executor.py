"""Which process carries out the runs of a data folder, and which runs it takes."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.errors import Unavailable
from gitops_auditor.pipelines.engine.record import Claim
from gitops_auditor.pipelines.executor import executor as executor_module
from gitops_auditor.pipelines.executor import spawning
from gitops_auditor.pipelines.executor.executor import Executor
from gitops_auditor.pipelines.executor.lock import ExecutorLock
from gitops_auditor.storage.database import Database
from tests.pipelines.engine.world import SECONDS, World, open_world

JOB = "name: p\nstages: [{name: s, jobs: [{name: a, script: 'echo a >> $WORK/done'}]}]"
LONG = """
name: p
stages: [{name: s, jobs: [{name: a, script: 'echo a >> $WORK/began; exec sleep 300'}]}]
"""
HOLDER = """
import os, sys, time
from pathlib import Path
from gitops_auditor.pipelines.executor.lock import ExecutorLock
lock = ExecutorLock(Path(sys.argv[1]))
print(os.getpid(), file=sys.stderr, flush=True)
assert lock.acquire()
time.sleep(60)
"""


@pytest.fixture
async def world(tmp_path: Path, database: Database) -> AsyncIterator[World]:
    async with open_world(tmp_path, database) as opened:
        yield opened


@pytest.fixture
async def other(tmp_path: Path, database: Database) -> AsyncIterator[World]:
    async with open_world(tmp_path, database) as opened:
        yield opened


async def until_free(lock: ExecutorLock, free: bool) -> None:
    with anyio.fail_after(SECONDS):
        while lock.is_free() != free:  # noqa: ASYNC110 - locks tell nobody
            await anyio.sleep(0.01)


def executor_of(world: World) -> Executor:
    return Executor(world.engine, world.journal, world.process, world.folder)


async def test_runs_that_wait_are_carried_out_and_then_it_ends(world: World) -> None:
    runs = [await world.add_run(JOB) for _ in range(5)]
    with anyio.fail_after(SECONDS):
        await executor_of(world).work(until_idle_seconds=0)
    assert [(await world.run(run_id)).status for run_id in runs] == ["success"] * 5
    assert ExecutorLock(world.folder).is_free()


async def test_a_run_that_is_added_later_is_taken_at_once(world: World) -> None:
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(executor_of(world).work)
            await until_free(ExecutorLock(world.folder), False)
            run_id = await world.add_run(JOB)
            await world.until_job(run_id, "s/a", "success")
            tasks.cancel_scope.cancel()


async def test_there_is_one_executor_and_another_takes_its_place(
    world: World, other: World
) -> None:
    first, second = executor_of(world), executor_of(other)
    run_id = await world.add_run(LONG)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as rest:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(first.work)
                await world.until_lines(1, "began")
                await second.work(until_idle_seconds=0)
                assert other.engine.open_runs == frozenset()
                rest.start_soon(second.work)
                tasks.cancel_scope.cancel()
            await world.until_lines(2, "began")
            await world.request_cancel(run_id)
            await world.until_job(run_id, "s/a", "cancelled")
            rest.cancel_scope.cancel()


async def test_the_run_of_a_dead_process_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor_module, "LOOK_SECONDS", 0.05)
    run_id = await world.add_run(JOB, status="running", owner="1-dead", fence=1)
    with anyio.fail_after(SECONDS):
        await executor_of(world).work(until_idle_seconds=0)
    assert (await world.run(run_id)).status == "success"


async def test_a_run_in_the_foreground_waits_for_its_turn(world: World, other: World) -> None:
    blocking = await world.add_run(LONG, concurrency_group="g", id="1")
    waiting = await world.add_run(JOB, concurrency_group="g", id="2", owner=world.process.id)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(executor_of(other).carry_out, blocking)
            await world.until_lines(1, "began")
            tasks.start_soon(world.request_cancel, blocking)
            assert await executor_of(world).carry_out(waiting) == "success"
    assert await executor_of(world).carry_out("unknown") is None


async def test_runs_that_wait_for_approval_leave_room_for_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor_module, "MOST_RUNS", 1)
    asks = "name: p\nstages: [{name: s, jobs: [{name: a, approval: ok?}]}]"
    waiting = [await world.add_run(asks) for _ in range(3)]
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(executor_of(world).work)
            for run_id in waiting:
                await world.until_job(run_id, "s/a", "running")
            run_id = await world.add_run(JOB)
            await world.until_job(run_id, "s/a", "success")
            tasks.cancel_scope.cancel()


async def test_folders_that_a_killed_process_left_are_removed(world: World) -> None:
    run_id = await world.carry_out(JOB)
    for name in (run_id, "unknown"):
        await world.parts.workspaces.open(name, "r", "c")
    with anyio.fail_after(SECONDS):
        await executor_of(world).work(until_idle_seconds=0)
    assert list((world.folder / "runs").iterdir()) == []


async def test_a_fault_in_one_run_does_not_end_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = await world.add_run(JOB), await world.add_run(JOB)
    claim = world.journal.claim

    async def claim_or_break(run_id: str, me: str, seen: str | None) -> Claim | None:
        if run_id == broken:
            raise ZeroDivisionError
        return await claim(run_id, me, seen)

    monkeypatch.setattr(world.journal, "claim", claim_or_break)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(executor_of(world).work)
            await world.until_job(sound, "s/a", "success")
            tasks.cancel_scope.cancel()


def test_who_asks_whether_the_lock_is_free_is_not_in_the_way_of_others(tmp_path: Path) -> None:
    lock, asking = ExecutorLock(tmp_path), ExecutorLock(tmp_path)
    assert asking.is_free()
    assert lock.acquire()
    assert not asking.is_free()
    assert not asking.acquire()
    lock.release()
    assert asking.acquire()
    asking.release()


def test_settings_travel_by_environment(tmp_path: Path, settings: Settings) -> None:
    changed = load_settings(
        {},
        data_dir=tmp_path,
        allowed_roots=(tmp_path, tmp_path / "b"),
        pipeline_worker_count=7,
        enable_phase2_features=False,
        secret_variables=("A", "B"),
        grace_seconds=0.5,
    )
    assert load_settings(spawning.environment_of(changed)) == changed
    assert load_settings(spawning.environment_of(settings)) == settings


async def test_a_detached_executor_outlives_who_started_it_and_only_one_stays(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = (sys.executable, "-c", HOLDER, str(settings.data_dir))
    monkeypatch.setattr(spawning, "COMMAND", command)
    settings.data_dir.mkdir()
    await spawning.ensure_executor(settings)
    lock = ExecutorLock(settings.data_dir)
    await until_free(lock, False)
    await spawning.ensure_executor(settings)
    log = settings.data_dir / "executor.log"
    pid = int(log.read_text(encoding="utf-8"))
    assert os.getsid(pid) == pid != os.getsid(0)
    os.kill(pid, signal.SIGKILL)
    await until_free(lock, True)


async def test_a_process_that_cannot_be_started_is_a_typed_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.data_dir.mkdir()
    monkeypatch.setattr(spawning, "COMMAND", ("/nowhere/python",))
    with pytest.raises(Unavailable, match="cannot be started"):
        await spawning.ensure_executor(settings)
