"""The queue of runs on a real PostgreSQL."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator

import anyio
import pytest
from sqlalchemy import Text, cast, column, func, select, table

from gitops_auditor.errors import Conflict, Refused, Unavailable
from gitops_auditor.pipelines.remote import queue as module
from gitops_auditor.pipelines.remote.queue import RunQueue, conninfo, ensure_queue
from gitops_auditor.pipelines.store.queue import SCHEMA
from gitops_auditor.storage.database import Database
from tests.factories.databases import migrated_sqlite

SECONDS = 20


@pytest.fixture
async def queue(database: Database, url: str) -> AsyncIterator[RunQueue]:
    async with RunQueue(database, url, dead_seconds=600.0).closing() as opened:
        yield opened


class Listener:
    """Takes runs, and holds them until they may end."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.may_end = asyncio.Event()
        self._news = asyncio.Condition()

    async def take(self, run_id: str) -> None:
        async with self._news:
            self.taken.append(run_id)
            self._news.notify_all()
        await self.may_end.wait()

    async def until(self, *run_ids: str) -> None:
        with anyio.fail_after(SECONDS):
            async with self._news:
                await self._news.wait_for(lambda: self.taken == list(run_ids))


async def set_version(database: Database, version: str) -> None:
    async with database.write() as transaction:
        await transaction.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{version}'")


async def count(database: Database, status: str) -> int:
    jobs = table("procrastinate_jobs", column("status"), schema=SCHEMA)
    query = select(func.count()).select_from(jobs).where(cast(jobs.c.status, Text) == status)
    async with database.read() as connection:
        return int(await connection.scalar(query) or 0)


async def test_many_processes_that_start_at_once_make_the_tables_once(database: Database) -> None:
    made = await asyncio.gather(*(ensure_queue(database) for _ in range(5)))
    assert sorted(made) == [False, False, False, False, True]


async def test_tables_of_an_older_version_are_replaced(database: Database, url: str) -> None:
    await ensure_queue(database)
    await set_version(database, "00.00.00_01_initial")
    assert await ensure_queue(database)
    async with RunQueue(database, url, dead_seconds=600.0).closing() as queue:
        await queue.send("run")
        assert await queue.queued(["run", "other"]) == {"run"}


async def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    await ensure_queue(database)
    await set_version(database, "99.00.00_01_later")
    with pytest.raises(Conflict, match=r"99\.00\.00_01_later"):
        await ensure_queue(database)


async def test_a_user_who_may_not_make_the_tables_is_told_what_to_ask_for(
    database: Database, url: str
) -> None:
    async with database.write() as transaction:
        await transaction.exec_driver_sql("CREATE ROLE guest LOGIN")
    try:
        guest = url.replace("postgres@", "guest@", 1)
        async with Database.open(guest) as theirs:
            with pytest.raises(Refused, match="may not make a schema"):
                await ensure_queue(theirs)
    finally:
        async with database.write() as transaction:
            await transaction.exec_driver_sql("DROP ROLE guest")


async def test_sqlite_has_no_queue(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = await migrated_sqlite(tmp_path_factory.mktemp("sqlite"))
    async with Database.open(url) as database:
        assert not await ensure_queue(database)


async def test_a_run_is_queued_once_however_often_it_is_sent(
    queue: RunQueue, database: Database
) -> None:
    await asyncio.gather(*(queue.send("run") for _ in range(5)))
    assert await count(database, "todo") == 1


async def test_runs_that_began_are_heard_before_others_and_each_once(
    queue: RunQueue, database: Database
) -> None:
    for run_id, priority in (("first", 0), ("second", 0), ("urgent", 1)):
        await queue.send(run_id, priority)
    listener = Listener()
    listener.may_end.set()
    listening = asyncio.create_task(queue.listen(listener.take, 1, "ear"))
    await listener.until("urgent", "first", "second")
    assert await queue.is_listened_to()
    listening.cancel()
    with anyio.fail_after(SECONDS):
        await asyncio.wait([listening])
    assert not await queue.is_listened_to()
    assert await count(database, "todo") == await count(database, "doing") == 0


async def test_no_more_are_taken_at_once_than_there_are_places(queue: RunQueue) -> None:
    for name in ("a", "b", "c"):
        await queue.send(name)
    listener = Listener()
    listening = asyncio.create_task(queue.listen(listener.take, 2, "ear"))
    await listener.until("a", "b")
    assert await queue.queued(["a", "b", "c"]) == {"c"}
    listener.may_end.set()
    await listener.until("a", "b", "c")
    listening.cancel()
    await asyncio.wait([listening])


async def test_a_listener_that_loses_its_connection_says_so(
    queue: RunQueue, database: Database
) -> None:
    await queue.send("a")
    listener = Listener()
    listening = asyncio.create_task(queue.listen(listener.take, 1, "ear"))
    await listener.until("a")
    async with database.write() as transaction:
        await transaction.exec_driver_sql(f"DROP SCHEMA {SCHEMA} CASCADE")
    listener.may_end.set()
    listening.cancel()
    with anyio.fail_after(SECONDS):
        await asyncio.wait([listening])
    with pytest.raises(Unavailable):
        await queue.send("b")


async def test_what_dead_listeners_took_is_forgotten(database: Database, url: str) -> None:
    async with RunQueue(database, url, dead_seconds=0.0).closing() as queue:
        await queue.send("a")
        async with database.write() as transaction:
            await transaction.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
            await transaction.exec_driver_sql("UPDATE procrastinate_jobs SET status = 'doing'")
        await queue.forget_stalled()
    assert await count(database, "doing") == 0


async def test_a_database_that_cannot_be_reached_is_unavailable(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 2)
    await ensure_queue(database)
    nowhere = url.replace("127.0.0.1", "127.0.0.1.invalid")
    async with RunQueue(database, nowhere, dead_seconds=600.0).closing() as queue:
        with pytest.raises(Unavailable, match="queue of runs"):
            await queue.send("a")


async def test_without_procrastinate_it_is_said_what_to_install(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(Unavailable, match="Procrastinate") as refused:
        await ensure_queue(database)
    assert "gitops-auditor[postgres]" in refused.value.hint


@pytest.mark.parametrize("prefix", ["postgres", "postgresql", "postgresql+psycopg"])
def test_addresses_are_given_on_as_libpq_reads_them(prefix: str) -> None:
    assert conninfo(f"{prefix}://me:a%40b@host:1/db?sslmode=require") == (
        "postgresql://me:a%40b@host:1/db?sslmode=require"
    )
