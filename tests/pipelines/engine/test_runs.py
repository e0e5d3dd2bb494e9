"""What a run does from its claim to its end."""

import anyio
import pytest
from sqlalchemy import update

from gitops_auditor.pipelines.handlers import Attempt, Outcome
from gitops_auditor.storage.pipeline_tables import pipeline_revisions
from tests.pipelines.engine.world import World

TWO_STAGES = """
name: p
stages:
  - name: build
    parallel: true
    jobs:
      - {name: a, script: 'echo $JOB >> $WORK/done; echo said'}
      - {name: b, script: 'echo $JOB >> $WORK/done'}
  - name: test
    jobs:
      - {name: c, script: 'echo "$JOB $OUTPUTS" >> $WORK/done'}
"""


async def test_stages_run_in_order_and_their_logs_and_events_are_kept(world: World) -> None:
    run_id = await world.carry_out(TWO_STAGES)
    run = await world.run(run_id)
    assert (run.status, run.failure_kind, run.reason) == ("success", None, "")
    assert run.completed_at >= run.started_at >= run.created_at
    first, second, third = world.lines()
    assert {first, second} == {"build/a", "build/b"}
    assert third.startswith('test/c {"build/a.attempt": "1"')
    assert await world.attempts(run_id) == [
        ("build/a", 1, "success", None),
        ("build/b", 1, "success", None),
        ("test/c", 1, "success", None),
    ]
    assert (world.folder / "logs" / run_id / "build.a.1").read_text() == "said\n"
    assert {"run_id": run_id, "logs": {"build/a": [1, 5]}} in await world.told("pipeline.log")


async def test_every_step_is_told_in_order(world: World) -> None:
    run_id = await world.carry_out(TWO_STAGES)
    updates = await world.told("pipeline.job.update")
    seen = [(one["job"], one["status"]) for one in updates if one["job"] == "test/c"]
    assert seen == [("test/c", "running"), ("test/c", "success")]
    (started,) = await world.told("pipeline.started")
    (ended,) = await world.told("pipeline.completed")
    assert started == {
        "run_id": run_id, "pipeline_id": "p1", "repository_id": "r", "run_number": 1
    }  # fmt: skip
    assert {**ended, **started} == ended
    assert (await world.told())[-1] == ended


async def test_a_run_leaves_no_folder_and_its_figures(world: World) -> None:
    run_id = await world.carry_out(TWO_STAGES)
    assert list((world.folder / "runs").iterdir()) == []
    run = await world.run(run_id)
    assert run.metrics["jobs"] == {"success": 3}
    assert run.metrics["duration_seconds"] > 0
    assert run.metrics["queue_seconds"] >= 0
    assert run.metrics["peak_memory_bytes"] >= 0
    assert run.isolation == "none"


async def test_a_false_condition_skips_and_the_run_goes_on(world: World) -> None:
    run_id = await world.carry_out("""
name: p
stages:
  - name: deploy
    condition: branch == 'release'
    jobs: [{name: a, script: 'echo a >> $WORK/done'}]
  - name: test
    jobs:
      - {name: b, script: 'echo b >> $WORK/done', condition: "branch == 'main'"}
      - {name: c, script: 'echo c >> $WORK/done', condition: "exists('nothing')"}
""")
    assert await world.statuses(run_id) == {"a": "skipped", "b": "success", "c": "skipped"}
    assert (await world.run(run_id)).status == "success"
    assert world.lines() == ["b"]


async def test_a_failed_job_fails_the_run_and_what_follows_is_skipped(world: World) -> None:
    run_id = await world.carry_out("""
name: p
stages:
  - name: build
    parallel: true
    jobs: [{name: a, script: exit 3}, {name: b, script: 'true'}]
  - name: test
    jobs: [{name: c, script: 'true'}]
rollback: [{name: d, script: 'true'}]
always: [{name: e, script: 'true'}]
""")
    statuses = await world.statuses(run_id)
    assert statuses == {
        "a": "failed", "b": "success", "c": "skipped", "d": "success", "e": "success"
    }  # fmt: skip
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "failed")
    assert run.reason == "build/a: It ended with exit code 3."
    assert [one["status"] for one in await world.told("pipeline.failed")] == ["failed"]


async def test_an_exception_in_one_of_several_parallel_jobs_fails_the_stage(world: World) -> None:
    class Broken:
        async def run(self, _attempt: Attempt) -> Outcome:
            raise LookupError("secret particulars")

    broken = world.with_parts(handlers={**world.parts.handlers, "gate": Broken()})
    run_id = await broken.carry_out("""
name: p
stages:
  - name: build
    parallel: true
    jobs: [{name: a, gate: g}, {name: b, script: 'true'}]
  - name: test
    jobs: [{name: c, script: 'true'}]
""")
    assert await world.statuses(run_id) == {"a": "failed", "b": "success", "c": "skipped"}
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "errored")
    assert "LookupError" in run.reason
    assert "secret" not in run.reason


async def test_a_kind_that_nothing_runs_is_an_error_that_says_so(world: World) -> None:
    run_id = await world.carry_out(
        "name: p\nstages: [{name: s, jobs: [{name: a, mcp: m, action: x}]}]"
    )
    job = (await world.jobs(run_id))["s/a"]
    assert (job.status, job.failure_kind) == ("failed", "errored")
    assert job.reason == "Nothing here runs jobs of the kind mcp."


async def test_no_more_jobs_run_at_once_than_there_are_slots_whatever_the_runs(
    world: World,
) -> None:
    busy, most = 0, 0

    class Counting:
        async def run(self, _attempt: Attempt) -> Outcome:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await anyio.sleep(0.005)
            busy -= 1
            return Outcome()

    counting = world.with_parts(handlers={"gate": Counting()})
    text = """
name: p
stages: [{name: s, parallel: true, jobs: [{name: a, gate: g, matrix: {n: [1, 2, 3, 4, 5, 6]}}]}]
"""
    runs = [await world.add_run(text) for _ in range(3)]
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for run_id in runs:
                tasks.start_soon(counting.engine.run, run_id)
    assert most == counting.parts.slots.count == 4
    assert [(await world.run(run_id)).status for run_id in runs] == ["success"] * 3


async def test_a_matrix_that_fails_fast_ends_its_other_combinations(world: World) -> None:
    run_id = await world.carry_out("""
name: p
stages:
  - name: s
    parallel: true
    jobs:
      - name: a
        matrix: {n: ['1', '2'], fail_fast: true}
        script: 'case "$JOB" in *1*) exit 1;; esac; exec sleep 60'
""")
    statuses = await world.statuses(run_id)
    assert statuses == {"a (n=1)": "failed", "a (n=2)": "cancelled"}
    assert (await world.jobs(run_id))["s/a (n=2)"].reason.startswith("Another combination")


@pytest.mark.parametrize("source", ["name: p\nstages: nothing", "name: ["])
async def test_a_definition_that_is_not_understood_fails_the_run(world: World, source: str) -> None:
    run_id = await world.add_run("name: p\nstages: [{name: s, jobs: [{name: a, script: x}]}]")
    async with world.database.write() as transaction:
        await transaction.execute(update(pipeline_revisions).values(source=source))
    assert await world.engine.run(run_id) == "failed"
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "errored")
    assert await world.statuses(run_id) == {"a": "skipped"}
