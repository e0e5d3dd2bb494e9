"""How runs are cancelled, run out of time, and are tried again."""

import time
from typing import Any

import anyio
import pytest
from sqlalchemy import select

from gitops_auditor.execution.supervision.process_tree import processes_of_job
from gitops_auditor.pipelines.engine import crew as crew_module
from gitops_auditor.pipelines.engine.approvals import UNDECIDED
from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.storage.pipeline_tables import run_attempts
from tests.pipelines.engine.world import SECONDS, World

LONG = """
name: p
stages:
  - name: s
    parallel: true
    jobs:
      - {name: a, script: 'echo a >> $WORK/began; sleep 300 & wait'}
      - {name: b, script: 'echo b >> $WORK/began; exec sleep 300'}
  - name: t
    jobs: [{name: c, script: 'true'}]
always: [{name: d, script: 'true'}]
"""


async def cookies(world: World) -> list[str]:
    async with world.database.read() as connection:
        return list(await connection.scalars(select(run_attempts.c.cookie)))


async def test_a_cancelled_run_ends_its_process_trees_and_starts_nothing(world: World) -> None:
    run_id = await world.add_run(LONG)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.engine.run, run_id)
            await world.until_lines(2, "began")
            await world.request_cancel(run_id)
    statuses = await world.statuses(run_id)
    assert set(statuses.values()) == {"cancelled"}
    run = await world.run(run_id)
    assert (run.status, run.failure_kind, run.reason) == ("cancelled", None, "It was cancelled.")
    assert [attempt[2:] for attempt in await world.attempts(run_id)] == [("cancelled", None)] * 2
    assert [processes_of_job(cookie) for cookie in await cookies(world)] == [[], []]
    assert len(await world.told("pipeline.cancelled")) == 1


async def test_a_run_that_was_cancelled_before_its_start_never_starts(world: World) -> None:
    run_id = await world.carry_out(LONG, cancel_requested=True)
    assert (await world.run(run_id)).status == "cancelled"
    assert world.lines("began") == []
    assert await world.attempts(run_id) == []


async def test_a_run_can_be_cancelled_while_its_folders_are_made(world: World) -> None:
    class Slow(type(world.parts.workspaces)):  # type: ignore[misc]
        async def open(self, *_: object) -> Any:
            opening.set()
            await anyio.sleep_forever()

    opening = anyio.Event()
    slow = world.with_parts(workspaces=Slow(world.folder / "runs"))
    run_id = await world.add_run(LONG)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(slow.engine.run, run_id)
            await opening.wait()
            await world.request_cancel(run_id)
    assert (await world.run(run_id)).status == "cancelled"


async def test_a_job_that_takes_too_long_is_a_timeout(world: World) -> None:
    run_id = await world.carry_out("""
name: p
stages: [{name: s, jobs: [{name: a, script: 'exec sleep 300', timeout: 1}]}]
""")
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "timeout")


async def test_a_run_that_takes_too_long_fails_and_what_always_comes_runs(world: World) -> None:
    run_id = await world.carry_out("""
name: p
timeout: 1
stages:
  - {name: s, jobs: [{name: a, script: 'exec sleep 300'}, {name: b, script: 'true'}]}
always: [{name: c, script: 'echo c >> $WORK/done'}]
""")
    run = await world.run(run_id)
    assert (run.status, run.failure_kind, run.reason) == (
        "failed", "timeout", "It exceeded its timeout."
    )  # fmt: skip
    assert await world.statuses(run_id) == {"a": "failed", "b": "skipped", "c": "success"}
    assert world.lines() == ["c"]


async def test_a_stage_that_takes_too_long_fails(world: World) -> None:
    run_id = await world.carry_out("""
name: p
stages:
  - name: s
    timeout: 1
    jobs: [{name: a, script: 'exec sleep 300'}, {name: b, script: 'true'}]
""")
    jobs = await world.jobs(run_id)
    assert [job.failure_kind for job in jobs.values()] == ["timeout", "timeout"]


async def test_a_handler_that_overruns_its_time_is_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hanging:
        async def run(self, _attempt: Attempt) -> Outcome:
            await anyio.sleep_forever()
            raise AssertionError

    monkeypatch.setattr(crew_module, "SPARE_SECONDS", 0.1)
    hanging = world.with_parts(handlers={"gate": Hanging()}, grace_seconds=0.0)
    run_id = await hanging.carry_out(
        "name: p\nstages: [{name: s, jobs: [{name: a, gate: g, timeout: 1}]}]"
    )
    job = (await world.jobs(run_id))["s/a"]
    assert (job.status, job.failure_kind) == ("failed", "errored")
    assert job.reason == "It did not end when its time was over."


async def test_a_handler_that_does_not_end_at_all_does_not_hold_the_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = anyio.Event()

    class Stubborn:
        async def run(self, _attempt: Attempt) -> Outcome:
            with anyio.CancelScope(shield=True):
                await released.wait()
            return Outcome()

    monkeypatch.setattr(crew_module, "SPARE_SECONDS", 0.1)
    stubborn = world.with_parts(handlers={"gate": Stubborn()}, grace_seconds=0.0)
    run_id = await stubborn.carry_out(
        "name: p\nstages: [{name: s, jobs: [{name: a, gate: g, timeout: 1}]}]"
    )
    released.set()
    job = (await world.jobs(run_id))["s/a"]
    assert job.reason == "It did not end when it was told to."


async def test_a_job_is_tried_again_until_it_succeeds(world: World) -> None:
    run_id = await world.carry_out("""
name: p
stages:
  - name: s
    jobs:
      - name: a
        script: 'echo $ATTEMPT >> $WORK/done; test $ATTEMPT = 3'
        retries: {limit: 2, delay: 0}
""")
    assert world.lines() == ["1", "2", "3"]
    assert (await world.run(run_id)).status == "success"
    assert [attempt[1:] for attempt in await world.attempts(run_id)] == [
        (1, "failed", "failed"),
        (2, "failed", "failed"),
        (3, "success", None),
    ]


async def test_a_retry_waits_for_its_delay_and_holds_no_slot_meanwhile(world: World) -> None:
    run_id = await world.add_run("""
name: p
stages:
  - name: s
    jobs: [{name: a, script: 'test $ATTEMPT = 2', retries: {limit: 1, delay: 1}}]
""")
    before = time.monotonic()
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.engine.run, run_id)
            await world.until_job(run_id, "s/a", "running")
            await world.until_job(run_id, "s/a", "pending")
            with world.parts.slots.share(lambda: None) as share:
                share.want(4)
                assert share.held == 4
    assert time.monotonic() - before >= 1.0
    assert (await world.run(run_id)).status == "success"


async def test_clock_jumps_move_no_deadline(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 86_400)
    run_id = await world.carry_out("""
name: p
timeout: 60
stages:
  - name: s
    jobs: [{name: a, script: 'test $ATTEMPT = 2', retries: {limit: 1, delay: 0}}]
""")
    assert (await world.run(run_id)).status == "success"
    assert (await world.run(run_id)).metrics["duration_seconds"] < 60


APPROVAL = """
name: p
stages:
  - name: ask
    jobs: [{name: a, approval: Deploy?, timeout: 60}]
  - name: deploy
    jobs: [{name: b, script: 'echo "$OUTPUTS" >> $WORK/done'}]
"""


async def decided(world: World, decision: str, **values: Any) -> str:
    run_id = await world.add_run(APPROVAL)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.engine.run, run_id)
            await world.until_job(run_id, "ask/a", "running")
            assert world.engine.busy == 0
            await world.decide(run_id, "ask/a", decision, **values)
    return run_id


async def test_an_approved_job_lets_the_run_go_on_with_the_answers(world: World) -> None:
    run_id = await decided(world, "approved", answers={"where": "north", "n": 2})
    assert (await world.run(run_id)).status == "success"
    assert world.lines() == ['{"ask/a.n": "2", "ask/a.where": "north"}']
    (asked,) = await world.told("pipeline.approval.requested")
    assert (asked["run_id"], asked["job"], asked["message"]) == (run_id, "ask/a", "Deploy?")


async def test_a_rejected_job_fails_the_run_with_the_comment(world: World) -> None:
    run_id = await decided(world, "rejected", comment="Not on Friday.")
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "failed")
    assert run.reason == "ask/a: ann rejected it: Not on Friday."


async def test_an_approval_that_nobody_gives_times_out(world: World) -> None:
    run_id = await world.carry_out(
        "name: p\nstages: [{name: s, jobs: [{name: a, approval: ok?, timeout: 1}]}]"
    )
    job = (await world.jobs(run_id))["s/a"]
    assert (job.failure_kind, job.reason) == ("timeout", UNDECIDED.reason)


async def test_a_run_that_waits_for_an_approval_can_be_cancelled(world: World) -> None:
    run_id = await world.add_run(APPROVAL)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.engine.run, run_id)
            await world.until_job(run_id, "ask/a", "running")
            await world.request_cancel(run_id)
    assert set((await world.statuses(run_id)).values()) == {"cancelled"}
