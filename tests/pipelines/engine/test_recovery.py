"""How a run goes on that another process left, and how one is left."""

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, get_args

import anyio
import pytest
from sqlalchemy import select

from gitops_auditor.execution.supervision.process_tree import processes_of_job
from gitops_auditor.pipelines.engine import stopping
from gitops_auditor.pipelines.engine.engine import RunEngine
from gitops_auditor.pipelines.engine.ports import Point
from gitops_auditor.pipelines.engine.record import Fenced
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import run_attempts
from tests.pipelines.engine.world import SECONDS, World, open_world

RESTARTED = """
name: p
stages:
  - name: s
    parallel: true
    jobs:
      - {name: a, script: 'echo a >> $WORK/done'}
      - name: b
        script: 'echo b >> $WORK/began; test -e $WORK/go || exec sleep 300'
  - name: t
    jobs: [{name: c, script: 'echo c >> $WORK/done'}]
"""


@pytest.fixture
async def other(tmp_path: Path, database: Database) -> AsyncIterator[World]:
    """Another process, as far as the database can tell."""
    async with open_world(tmp_path, database) as opened:
        yield opened


@contextlib.asynccontextmanager
async def half_done(world: World, over: anyio.Event | None = None) -> AsyncIterator[str]:
    """A run of which the first job is done and the second one runs; its process is told to stop
    at the end of the block. `over` is set when the process has no more to do with it.
    """
    run_id = await world.add_run(RESTARTED)

    async def run() -> None:
        await world.engine.run(run_id)
        if over is not None:
            over.set()

    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await world.until_lines(1, "began")
            await world.until_job(run_id, "s/a", "success")
            yield run_id
            tasks.cancel_scope.cancel()


async def finish(world: World, run_id: str) -> Any:
    """Let a process finish the run, in which nothing waits any more; its row."""
    (world.work / "go").touch()
    with anyio.fail_after(SECONDS):
        assert await world.engine.run(run_id) is not None
    return await world.run(run_id)


async def test_a_process_that_is_told_to_stop_hands_its_run_over(
    world: World, other: World
) -> None:
    async with half_done(world) as run_id:
        pass
    left = await world.run(run_id)
    assert (left.status, left.owner) == ("running", None)
    assert await world.attempts(run_id) == [
        ("s/a", 1, "success", None),
        ("s/b", 1, "failed", "lost"),
    ]
    async with world.database.read() as connection:
        cookies = (await connection.scalars(select(run_attempts.c.cookie))).all()
    assert [pid for cookie in cookies for pid in processes_of_job(cookie)] == []
    assert (await finish(other, run_id)).status == "success"
    assert world.lines("began") == ["b", "b"]
    assert world.lines() == ["a", "c"]


async def test_however_often_a_service_is_restarted_its_runs_do_not_fail(world: World) -> None:
    async with half_done(world) as run_id:
        pass
    for turn in range(2, 7):
        with anyio.fail_after(SECONDS):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(world.engine.run, run_id)
                await world.until_lines(turn, "began")
                tasks.cancel_scope.cancel()
    run = await finish(world, run_id)
    assert run.status == "success"
    assert (await world.jobs(run_id))["s/b"].lost == 6


async def test_a_job_that_its_process_dies_with_again_and_again_fails(world: World) -> None:
    async with half_done(world) as run_id:
        pass
    for _ in range(2):
        await world.die_with(run_id, "s/b")
        with anyio.fail_after(SECONDS):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(world.engine.run, run_id)
                await world.until(lambda: is_taken(world, run_id))
                tasks.cancel_scope.cancel()
    await world.die_with(run_id, "s/b")
    run = await finish(world, run_id)
    assert (run.status, run.failure_kind) == ("failed", "lost")
    assert run.reason == "s/b: The process that ran it ended."


async def is_taken(world: World, run_id: str) -> bool:
    """Whether nothing of a dead process stands in the journal any more."""
    return not any(
        one.owner == "1-dead" and one.status == "running"
        for one in await world.attempt_rows(run_id)
    )


async def test_a_living_process_keeps_its_run(world: World, other: World) -> None:
    async with half_done(world) as run_id:
        assert await other.engine.run(run_id) is None
        assert await world.engine.run(run_id) is None
        assert (await world.run(run_id)).owner == world.process.id


async def test_a_process_that_lost_its_run_stops_at_once_and_writes_nothing(
    world: World,
) -> None:
    over = anyio.Event()
    async with half_done(world, over=over) as run_id:
        await world.set(run_id, owner="somebody", fence=99)
        await over.wait()
        before = await world.attempts(run_id)
    assert ("s/b", 1, "running", None) in before
    assert await world.attempts(run_id) == before
    async with world.database.read() as connection:
        cookies = (await connection.scalars(select(run_attempts.c.cookie))).all()
    assert [pid for cookie in cookies for pid in processes_of_job(cookie)] == []


async def test_of_several_processes_that_claim_a_run_one_gets_it(
    world: World, other: World
) -> None:
    run_id = await world.add_run(RESTARTED)
    (world.work / "go").touch()
    results: list[str | None] = []

    async def run(engine: RunEngine) -> None:
        results.append(await engine.run(run_id))

    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            for one in (world, other) * 3:
                tasks.start_soon(run, one.engine)
    assert sorted(results, key=str) == [None] * 5 + ["success"]
    assert sorted(world.lines()) == ["a", "c"]


async def test_a_takeover_is_in_the_audit_log(world: World) -> None:
    run_id = await world.add_run(RESTARTED, status="running", owner="1-dead", fence=4)
    await finish(world, run_id)
    page = await world.journal._audit.page(0, 10)
    (taken,) = [one for one in page if one.operation == "take_over_run"]
    assert (taken.actor, taken.parameters) == ("system", {"run_id": run_id, "from": "1-dead"})


async def test_a_run_that_its_starter_claimed_is_carried_out_by_it(world: World) -> None:
    run_id = await world.add_run(RESTARTED, owner=world.process.id, fence=1)
    assert (await finish(world, run_id)).status == "success"
    assert (await world.run(run_id)).fence == 2


async def test_a_job_that_must_not_be_repeated_may_end_before_its_process_does(
    world: World,
) -> None:
    ended = anyio.Event()

    class Call:
        async def run(self, _attempt: Attempt) -> Outcome:
            calling.set()
            await ended.wait()
            return Outcome()

    calling = anyio.Event()
    calls = world.with_parts(handlers={"mcp": Call()})
    run_id = await world.add_run(
        "name: p\nstages: [{name: s, jobs: [{name: a, mcp: m, action: x}, {name: b, gate: g}]}]"
    )
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(calls.engine.run, run_id)
            await calling.wait()
            tasks.cancel_scope.cancel()
            ended.set()
    assert await world.statuses(run_id) == {"a": "success", "b": "pending"}
    assert (await world.run(run_id)).owner is None


async def test_a_job_that_must_not_be_repeated_and_does_not_end_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Call:
        async def run(self, _attempt: Attempt) -> Outcome:
            calling.set()
            await anyio.sleep_forever()
            raise AssertionError

    monkeypatch.setattr(stopping, "HAND_OVER_SECONDS", 0.05)
    calling = anyio.Event()
    calls = world.with_parts(handlers={"mcp": Call()})
    run_id = await world.add_run(
        "name: p\nstages: [{name: s, jobs: [{name: a, mcp: m, action: x}]}]"
    )
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(calls.engine.run, run_id)
            await calling.wait()
            tasks.cancel_scope.cancel()
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "lost")


async def test_a_retry_that_waits_goes_on_waiting_after_a_restart(
    world: World, other: World
) -> None:
    run_id = await world.add_run("""
name: p
stages:
  - name: s
    jobs: [{name: a, script: 'test $ATTEMPT = 2', retries: {limit: 1, delay: 2}}]
""")
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.engine.run, run_id)
            await world.until_job(run_id, "s/a", "running")
            await world.until_job(run_id, "s/a", "pending")
            tasks.cancel_scope.cancel()
    before = (await world.run(run_id)).state["elapsed"]
    run = await finish(other, run_id)
    assert run.status == "success"
    assert run.metrics["duration_seconds"] >= 2.0 > before
    assert [attempt[1:3] for attempt in await world.attempts(run_id)] == [
        (1, "failed"),
        (2, "success"),
    ]


async def test_an_approval_outlives_any_number_of_restarts(world: World, other: World) -> None:
    run_id = await world.add_run("name: p\nstages: [{name: s, jobs: [{name: a, approval: ok?}]}]")
    for _ in range(4):
        with anyio.fail_after(SECONDS):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(world.engine.run, run_id)
                await world.until_job(run_id, "s/a", "running")
                tasks.cancel_scope.cancel()
    await world.decide(run_id, "s/a", "approved")
    assert (await finish(other, run_id)).status == "success"
    assert await world.attempts(run_id) == [("s/a", 1, "success", None)]


async def test_a_run_whose_process_is_told_to_stop_while_it_claims_it_is_handed_over(
    world: World, other: World
) -> None:
    run_id = await world.add_run("name: p\nstages: [{name: s, jobs: [{name: a, script: 'true'}]}]")
    with anyio.CancelScope() as scope:
        stopping = world.with_parts(
            fault=lambda point: scope.cancel() if point == "claim.after" else None
        )
        await stopping.engine.run(run_id)
    assert scope.cancelled_caught
    assert (await finish(other, run_id)).status == "success"


async def test_runs_of_a_concurrency_group_take_turns(world: World, other: World) -> None:
    first = await world.add_run(RESTARTED, concurrency_group="g", id="1")
    second = await world.add_run(RESTARTED, concurrency_group="g", id="2")
    assert await other.engine.run(second) is None
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.engine.run, first)
            await world.until_lines(1, "began")
            assert await other.engine.run(second) is None
            assert [one.run_id for one in await other.journal.waiting([], 9)] == [first]
            (world.work / "go").touch()
            await world.request_cancel(first)
    assert (await finish(other, second)).status == "success"


async def test_a_run_of_another_system_is_left_to_it(world: World) -> None:
    run_id = await world.add_run(RESTARTED, external_id="actions/1")
    assert await world.engine.run(run_id) is None
    assert not await world.journal.any_active()


async def test_who_lost_the_fence_can_write_nothing(world: World) -> None:
    run_id = await world.add_run(RESTARTED)
    claim = await world.journal.claim(run_id, "1-dead", None)
    assert claim is not None
    assert await world.journal.claim(run_id, world.process.id, "1-dead") is not None
    with pytest.raises(Fenced):
        await world.journal.fail(claim, "late")
    with pytest.raises(Fenced):
        await world.journal.news(claim)


@pytest.fixture
def base() -> Iterator[Path]:
    """Not pytest's own folder: another session of it closes that to the user of the jobs."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@contextlib.contextmanager
def crasher(base: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.pipelines.engine.crashing", str(base)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(SECONDS) == 0


def answer(process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def test_a_run_survives_kill_9_at_every_point(base: Path) -> None:
    with crasher(base) as process:
        counts = answer(process)
        assert set(counts) == set(get_args(Point))
        scenarios = [
            (point, occurrence)
            for point, count in counts.items()
            for occurrence in sorted({1, (count + 1) // 2})
        ]
        assert process.stdin is not None
        process.stdin.writelines(json.dumps([*one, 0]) + "\n" for one in scenarios)
        process.stdin.flush()
        verdicts = [answer(process) for _ in scenarios]
    assert [one for one in verdicts if not (one["killed"] and one["is_sound"])] == []
    assert max(one["lost"] for one in verdicts) >= 3


async def test_the_event_loop_is_not_left_with_tasks(world: World) -> None:
    before = asyncio.all_tasks()
    async with half_done(world):
        pass
    mine = {task for task in asyncio.all_tasks() - before if "attempt" in task.get_name()}
    assert mine == set()
