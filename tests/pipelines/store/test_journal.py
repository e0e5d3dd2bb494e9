"""What the journal keeps of a run, and who may write to it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.engine.draft import Draft
from gitops_auditor.pipelines.engine.record import Claim, Fenced, LoadedRun, RunEnd
from gitops_auditor.pipelines.handlers import Outcome
from gitops_auditor.pipelines.scheduling import Facts, advance
from gitops_auditor.pipelines.states import RunTimedOut
from gitops_auditor.storage.database import Database
from tests.pipelines.engine.world import World, open_world

SOURCE = """
name: p
stages:
  - name: s
    parallel: true
    condition: branch == 'main'
    jobs:
      - {name: a, script: x, retries: 3}
      - {name: b, script: x}
      - {name: c, approval: ok?}
  - name: t
    jobs: [{name: d, script: x}]
"""


@pytest.fixture
async def world(tmp_path: Path, database: Database) -> AsyncIterator[World]:
    async with open_world(tmp_path, database) as opened:
        yield opened


async def claimed(world: World, source: str = SOURCE) -> LoadedRun:
    run_id = await world.add_run(source)
    claim = await world.journal.claim(run_id, world.process.id, None)
    assert claim is not None
    return await world.journal.load(claim)


def start_ready(run: LoadedRun, draft: Draft) -> None:
    facts = Facts(run.definition, run.event, run.inputs, lambda _path: False)
    step = advance(draft.arrangement, draft.state, facts)
    draft.state = step.state
    for one in (one for one in step.ready if one.job not in draft.memory.due):
        asks = draft.arrangement.jobs[one.job].job.kind == "approval"
        (draft.ask if asks else draft.start)(one)


async def save(world: World, run: LoadedRun, draft: Draft, end: RunEnd | None = None) -> None:
    change = draft.change(logs={}, end=end)
    await world.journal.save(run.claim, run.identity, "host", change)
    draft.saved()


async def test_what_is_loaded_is_what_was_saved(world: World) -> None:
    run = await claimed(world)
    draft = Draft(run)
    draft.memory.elapsed = 12.5
    start_ready(run, draft)
    await save(world, run, draft)
    failed = Outcome("failed", "It said no.", exit_code=1, isolation="landlock")
    draft.finish("s/a", failed, 7)
    figures: dict[str, JsonValue] = {
        "cpu_seconds": 1.5,
        "peak_memory_bytes": 100,
        "other": [None, "x"],
    }
    draft.finish("s/b", Outcome(outputs={"k": "v"}, metrics=figures), 5)
    start_ready(run, draft)
    await save(world, run, draft)

    again = await world.journal.load(run.claim)
    assert again.state == replace(draft.state, status="running")
    assert again.memory == draft.memory
    assert again.facts == draft.facts
    assert again.isolation == "landlock"
    assert [(one.job, one.number, one.host) for one in again.attempts] == [("s/c", 1, "host")]
    assert again.memory.asked == {"s/c": 12.5}
    assert again.memory.due == {"s/a": 13.5}
    assert (again.memory.cpu_seconds, again.memory.peak_memory_bytes) == (1.5, 100)


async def test_a_late_run_is_loaded_as_late(world: World) -> None:
    run = await claimed(world)
    draft = Draft(run)
    start_ready(run, draft)
    draft.apply(RunTimedOut())
    await save(world, run, draft)
    again = await world.journal.load(run.claim)
    assert again.state == draft.state
    assert again.state.admitted == frozenset()


async def test_text_that_no_database_takes_is_kept_without_what_it_refuses(world: World) -> None:
    run = await claimed(world)
    draft = Draft(run)
    start_ready(run, draft)
    bad = "a\0b\udc80c"
    draft.finish("s/b", Outcome(outputs={"k": bad}, metrics={"m": [bad, {"n": float("nan")}]}))
    draft.finish("s/a", Outcome("failed", bad))
    await save(world, run, draft)
    again = await world.journal.load(run.claim)
    assert again.state.jobs["s/a"].reason == "a\ufffdb\ufffdc"
    assert again.facts["s/b"].outputs == {"k": "a\ufffdb\ufffdc"}
    assert again.facts["s/b"].metrics == {"m": ["a\ufffdb\ufffdc", {"n": None}]}


async def test_a_change_is_kept_whole_or_not_at_all(world: World) -> None:
    run = await claimed(world)
    draft = Draft(run)
    start_ready(run, draft)
    before = await world.told()
    stolen = run.claim._replace(fence=run.claim.fence + 1)
    with pytest.raises(Fenced):
        await world.journal.save(stolen, run.identity, "host", draft.change(logs={}))
    assert await world.attempts(run.claim.run_id) == []
    assert set((await world.statuses(run.claim.run_id)).values()) == {"pending"}
    assert await world.told() == before


async def test_a_run_that_is_over_is_never_written_again(world: World) -> None:
    run = await claimed(world)
    await world.journal.fail(run.claim, "No.")
    draft = Draft(run)
    with pytest.raises(Fenced):
        await save(world, run, draft)
    with pytest.raises(Fenced):
        await world.journal.fail(run.claim, "Again.")
    assert (await world.run(run.claim.run_id)).reason == "No."


async def test_a_save_is_known_by_its_number(world: World) -> None:
    run = await claimed(world)
    draft = Draft(run)
    assert not await world.journal.landed(run.claim, 1)
    await save(world, run, draft)
    assert await world.journal.landed(run.claim, 1)
    assert not await world.journal.landed(run.claim, 2)


async def test_only_one_of_many_claims_at_once_succeeds(world: World) -> None:
    run_id = await world.add_run(SOURCE)
    claims: list[Claim | None] = []

    async def claim(number: int) -> None:
        claims.append(await world.journal.claim(run_id, f"{number}-x", None))

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(claim, number)
    assert len([one for one in claims if one is not None]) == 1
    assert len(await world.told("pipeline.started")) == 1


async def test_two_runs_of_a_group_are_never_claimed_both(world: World) -> None:
    runs = [await world.add_run(SOURCE, concurrency_group="g") for _ in range(6)]
    claims: list[Claim | None] = []

    async def claim(run_id: str) -> None:
        claims.append(await world.journal.claim(run_id, "1-x", None))

    async with anyio.create_task_group() as tasks:
        for run_id in reversed(runs):
            tasks.start_soon(claim, run_id)
    (taken,) = [one for one in claims if one is not None]
    assert taken.run_id == runs[0]


async def test_a_cancelled_run_does_not_wait_for_its_group(world: World) -> None:
    first = await world.add_run(SOURCE, concurrency_group="g")
    second = await world.add_run(SOURCE, concurrency_group="g", cancel_requested=True)
    assert await world.journal.claim(first, "1-x", None) is not None
    assert await world.journal.claim(second, "1-x", None) is not None
