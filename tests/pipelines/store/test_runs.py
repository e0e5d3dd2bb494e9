"""Rows of runs as callers see and change them."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest
from sqlalchemy import update

from gitops_auditor.pipelines.store import runs as store
from gitops_auditor.pipelines.store.runs import Filter, NewJob, NewRun
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import pipeline_runs, pipelines
from tests.pipelines.store.stored_runs import NOW, store_runs

JOBS = [NewJob("one/b", "one", "script"), NewJob("one/a", "one", "script")]


def new_run(run_id: str, **more: object) -> NewRun:
    values = {
        "id": run_id,
        "pipeline_id": "p1",
        "repository_id": "r1",
        "revision": 1,
        "ref": "main",
        "commit_sha": "c" * 40,
        "trigger_type": "manual",
        "trigger_data": {},
        "created_at": NOW,
        "created_by": "test",
        "idempotency_key": None,
        "concurrency_group": None,
        "rerun_of": None,
        **more,
    }
    return NewRun(**values)  # type: ignore[arg-type]


@pytest.fixture
async def pipeline(database: Database) -> str:
    await store_runs(database)
    return "p1"


async def add(database: Database, run: NewRun) -> int:
    async with database.write() as transaction:
        return await store.insert_run(transaction, run, JOBS)


@pytest.mark.usefixtures("pipeline")
async def test_numbers_count_up_also_when_runs_are_added_at_once(database: Database) -> None:
    numbers: list[int] = []

    async def insert(number: int) -> None:
        numbers.append(await add(database, new_run(f"{number:024x}")))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(insert, number)
    assert sorted(numbers) == list(range(1, 21))


@pytest.mark.usefixtures("pipeline")
async def test_jobs_stay_in_the_order_of_the_definition(database: Database) -> None:
    await add(database, new_run("a" * 24))
    async with database.read() as connection:
        rows = await store.jobs(connection, "a" * 24)
    assert [(row["job"], row["status"], row["attempt"]) for row in rows] == [
        *(("one/b", "pending", 0), ("one/a", "pending", 0)),
    ]


@pytest.mark.usefixtures("pipeline")
async def test_a_key_finds_its_run_in_its_pipeline_only(database: Database) -> None:
    await add(database, new_run("a" * 24, idempotency_key="k"))
    async with database.read() as connection:
        assert await store.by_key(connection, "p1", "k") == "a" * 24
        assert await store.by_key(connection, "p2", "k") is None
        assert await store.by_key(connection, "p1", "other") is None


@pytest.mark.usefixtures("pipeline")
async def test_only_unfinished_older_runs_of_a_group_are_in_its_way(database: Database) -> None:
    ids = [f"{number:024x}" for number in range(4)]
    for run_id in ids:
        await add(database, new_run(run_id, concurrency_group="g"))
    await add(database, new_run("f" * 24, concurrency_group="other"))
    async with database.write() as transaction:
        over = update(pipeline_runs).where(pipeline_runs.c.id == ids[0]).values(status="failed")
        await transaction.execute(over)
    async with database.read() as connection:
        assert sorted(await store.in_group(connection, "g", ids[3])) == ids[1:3]


@pytest.mark.usefixtures("pipeline")
async def test_a_run_is_asked_to_end_once_and_not_when_it_is_over(database: Database) -> None:
    await add(database, new_run("a" * 24))
    async with database.write() as transaction:
        assert await store.request_cancel(transaction, "a" * 24)
        assert not await store.request_cancel(transaction, "a" * 24)
        await transaction.execute(
            update(pipeline_runs).values(status="success", cancel_requested=False)
        )
        assert not await store.request_cancel(transaction, "a" * 24)


@pytest.mark.usefixtures("pipeline")
async def test_runs_are_paged_by_id_and_filtered(database: Database) -> None:
    ids = [f"{number:024x}" for number in range(5)]
    for run_id in ids:
        await add(database, new_run(run_id))
    async with database.read() as connection:
        first = await store.page(connection, Filter("p1"), None, 2)
        rest = await store.page(connection, Filter(repository_id="r1"), first[-1].id, 10)
        none = await store.page(connection, Filter(status="failed"), None, 10)
        last = await store.last_of(connection, "p1")
    assert [run.id for run in (*first, *rest)] == ids[::-1]
    assert none == []
    assert last == first[0]


async def test_the_newest_runs_of_each_pipeline_are_not_among_those_to_forget(
    database: Database,
) -> None:
    ids = [f"{number:024x}" for number in range(5)]
    await store_runs(database, *ids)
    ended = datetime(2026, 1, 2, tzinfo=UTC)
    async with database.write() as transaction:
        await transaction.execute(update(pipelines).values(last_run_number=5))
        await transaction.execute(
            update(pipeline_runs).values(
                status="success", created_at=NOW, created_by="x", completed_at=ended
            )
        )
    after = ended + timedelta(days=1)
    async with database.read() as connection:
        found = await store.finished_before(connection, after, 2, 10)
        further = await store.finished_before(connection, after, 2, 10, ids[0])
        nothing = await store.finished_before(connection, ended, 0, 10)
    assert [run.id for run in found] == ids[:3]
    assert [run.id for run in further] == ids[1:3]
    assert nothing == []
