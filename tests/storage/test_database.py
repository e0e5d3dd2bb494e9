import asyncio
import sqlite3
import sys
import threading
import time
from pathlib import Path

import anyio
import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from gitops_auditor.errors import Unavailable
from gitops_auditor.storage import database as database_module
from gitops_auditor.storage import sqlite
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.schema import upgrade
from gitops_auditor.storage.tables import repositories
from tests.factories.databases import fresh_postgresql, migrated_sqlite
from tests.factories.postgres import some_postgresql

WRITER = """
import asyncio, sys
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.tables import repositories

async def main(url, name, count):
    async with Database.open(url) as database:
        for number in range(count):
            async with database.write(durable=number % 2 == 0) as transaction:
                row = repositories.insert().values(id=f"{name}/{number}", name=name)
                await transaction.execute(row)
            print(number, flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


@pytest.fixture
async def sqlite_url(tmp_path: Path) -> str:
    return await migrated_sqlite(tmp_path)


async def add(database: Database, name: str) -> None:
    async with database.write() as transaction:
        await transaction.execute(insert(repositories).values(id=name, name=name))


async def count(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count(repositories.c.id)))).scalar_one())


async def start_writer(url: str, name: str, number: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, name, str(number), stdout=asyncio.subprocess.PIPE
    )


async def test_a_block_that_ends_is_committed_and_one_that_raises_is_not(
    database: Database,
) -> None:
    async def fail() -> None:
        async with database.write() as transaction:
            await transaction.execute(insert(repositories).values(id="b", name="b"))
            raise LookupError

    await add(database, "a")
    with pytest.raises(LookupError):
        await fail()
    assert await count(database) == 1


async def test_a_cancelled_write_leaves_nothing_and_blocks_nobody(database: Database) -> None:
    inside = anyio.Event()

    async def write() -> None:
        async with database.write() as transaction:
            await transaction.execute(insert(repositories).values(id="a", name="a"))
            inside.set()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        await inside.wait()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(5):
        await add(database, "b")
    assert await count(database) == 1


async def test_a_task_killed_in_a_statement_leaves_no_thread_and_no_lock(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await add(database, "a")
        for turns in range(30):
            writing = asyncio.create_task(add(database, f"r{turns}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            writing.cancel()
            await asyncio.wait([writing])
        with anyio.fail_after(5):
            await add(database, "b")
    assert not [thread for thread in threading.enumerate() if "_connection_worker" in thread.name]


async def test_writes_cancelled_at_any_moment_lose_nothing_that_was_acknowledged(
    database: Database,
) -> None:
    acknowledged: list[str] = []

    async def write(name: str) -> None:
        await add(database, name)
        acknowledged.append(name)

    started = time.perf_counter()
    await write("whole")
    whole = time.perf_counter() - started
    for number in range(40):
        with anyio.move_on_after(whole * number / 20):
            await write(f"r{number}")
    async with database.read() as connection:
        stored = set((await connection.scalars(select(repositories.c.id))).all())
    assert set(acknowledged) <= stored


@pytest.mark.parametrize("durable", [True, False])
async def test_only_a_durable_commit_waits_for_the_disk(
    database: Database, *, durable: bool
) -> None:
    setting = "PRAGMA synchronous" if database.dialect == "sqlite" else "SHOW synchronous_commit"
    async with database.write(durable=durable) as transaction:
        mode = (await transaction.exec_driver_sql(setting)).scalar_one()
    assert mode in ((2, "on") if durable else (1, "off"))


async def test_writers_that_wait_for_the_disk_and_those_that_do_not_take_turns(
    database: Database,
) -> None:
    async def add_several(durable: bool) -> None:
        for number in range(10):
            async with database.write(durable=durable) as transaction:
                row = insert(repositories).values(id=f"{durable}/{number}", name="")
                await transaction.execute(row)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(add_several, True)
        tasks.start_soon(add_several, False)
    assert await count(database) == 20


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises((DBAPIError, Unavailable)):
        async with database.read() as connection:
            await connection.execute(insert(repositories).values(id="a", name="a"))
    assert await count(database) == 0


async def test_a_hook_runs_after_the_commit_and_not_after_a_rollback(database: Database) -> None:
    seen: list[int] = []

    async def hook() -> None:
        seen.append(await count(database))

    async def write(name: str, *, fail: bool) -> None:
        async with database.write() as transaction:
            await transaction.execute(insert(repositories).values(id=name, name=name))
            database.after_commit(transaction, hook)
            if fail:
                raise LookupError

    await write("a", fail=False)
    with pytest.raises(LookupError):
        await write("b", fail=True)
    assert seen == [1]


async def test_fifty_readers_and_writers_at_once_all_succeed(database: Database) -> None:
    async def write(number: int) -> None:
        for turn in range(5):
            await add(database, f"{number}/{turn}")

    async def read() -> None:
        for _ in range(20):
            await count(database)

    async with anyio.create_task_group() as tasks:
        for number in range(25):
            tasks.start_soon(write, number)
            tasks.start_soon(read)
    assert await count(database) == 125


async def test_two_processes_write_at_once_without_losing_a_row(
    database_url: str, database: Database
) -> None:
    others = [await start_writer(database_url, name, 100) for name in ("x", "y")]
    for number in range(100):
        await add(database, f"own/{number}")
    with anyio.fail_after(60):
        assert [await process.wait() for process in others] == [0, 0]
        for process in others:
            await process.communicate()
    async with Database.open(database_url) as fresh:
        assert await count(fresh) >= 200


async def test_what_was_acknowledged_survives_kill_9(database_url: str) -> None:
    process = await start_writer(database_url, "x", 100_000)
    assert process.stdout is not None
    with anyio.fail_after(30):
        for _ in range(50):
            acknowledged = int(await process.stdout.readline())
    process.kill()
    await process.communicate()
    async with Database.open(database_url) as fresh:
        assert await count(fresh) > acknowledged
        await add(fresh, "after")


async def test_another_process_s_commit_is_noticed(database_url: str) -> None:
    async with Database.open(database_url) as database, Database.open(database_url) as other:
        version = await database.changes.wait(database.changes.version, 5)
        waiting = asyncio.create_task(database.changes.wait(version, 5))
        await anyio.wait_all_tasks_blocked()
        await add(other, "a")
        with anyio.fail_after(2):
            assert await waiting > version


async def test_a_wait_that_is_cut_short_does_not_break_the_next(database: Database) -> None:
    version = database.changes.version
    for number in range(30):
        version = await database.changes.wait(version, 0.0003 * number)
    version = await database.changes.wait(version, 0.5)
    await add(database, "a")
    assert database.changes.version > version


async def test_a_locked_database_is_a_typed_error_and_stays_whole(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    async with Database.open(sqlite_url) as database:
        await add(database, "a")
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked") as caught:
            await add(database, "b")
        assert "again" in caught.value.hint
        assert await count(database) == 1
        holder.execute("ROLLBACK")
        holder.close()
        await add(database, "b")
        assert await count(database) == 2


async def test_a_write_does_not_wait_for_ever_for_its_turn(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "WRITER_TURN_SECONDS", 0.01)
    async with Database.open(sqlite_url) as database:
        async with database.write():
            impatient = asyncio.create_task(add(database, "a"))
            with pytest.raises(Unavailable, match="busy"):
                await impatient
        await add(database, "a")


async def test_a_full_disk_is_a_typed_error_and_loses_nothing(sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        await add(database, "a")
        async with database.write() as transaction:
            pages = (await transaction.exec_driver_sql("PRAGMA page_count")).scalar_one()
            await transaction.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

        async def write_too_much() -> None:
            async with database.write() as transaction:
                await transaction.execute(update(repositories).values(name="lost"))
                await transaction.execute(insert(repositories).values(id="b", name="b" * 100_000))

        with pytest.raises(Unavailable, match="full"):
            await write_too_much()
        async with database.read() as connection:
            assert (await connection.scalars(select(repositories.c.name))).all() == ["a"]
            assert await connection.scalar(text("PRAGMA integrity_check")) == "ok"


async def test_a_read_does_not_wait_for_ever_for_a_connection(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "READERS", 0)
    monkeypatch.setitem(database_module._POOL, "pool_timeout", 0.01)
    async with Database.open(sqlite_url) as database:
        async with database.read():
            with pytest.raises(Unavailable, match="busy"):
                await count(database)
        assert await count(database) == 0


async def test_a_connection_that_the_server_ended_is_a_typed_error_once(tmp_path: Path) -> None:
    with some_postgresql() as server:
        async with fresh_postgresql(server) as url:
            await upgrade(url, tmp_path)
            async with Database.open(url) as database, Database.open(url) as other:
                assert await count(database) == 0
                async with other.write() as transaction:
                    await transaction.execute(
                        text(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                            " datname = current_database() AND pid <> pg_backend_pid()"
                        )
                    )
                with pytest.raises(Unavailable):
                    await count(database)
                assert await count(database) == 0


async def test_the_wrong_database_of_a_server_is_named(tmp_path: Path) -> None:
    with some_postgresql() as server:
        absent = make_url(server).set(database="absent").render_as_string(hide_password=False)
        async with Database.open(absent) as database:
            with pytest.raises(Unavailable) as caught:
                await count(database)
    assert "DATABASE_URL" in caught.value.hint


async def test_rows_can_be_streamed_inside_a_transaction(database: Database) -> None:
    rows = [{"id": f"{number:04}", "name": "n"} for number in range(1000)]
    query = select(repositories.c.id).order_by(repositories.c.id)
    async with database.write() as transaction:
        await transaction.execute(insert(repositories), rows)
        streamed = await transaction.stream(query)
        first = await streamed.fetchone()
        some = await streamed.fetchmany(9)
        rest = [row async for row in streamed]
    assert first is not None
    assert [row.id for row in [first, *some, *rest]] == [row["id"] for row in rows]


async def test_a_missing_folder_is_a_typed_error(tmp_path: Path) -> None:
    async with Database.open(f"sqlite:///{tmp_path / 'none' / 'a.db'}") as database:
        with pytest.raises(Unavailable, match="cannot be opened"):
            await count(database)


async def test_a_server_that_cannot_be_reached_is_a_typed_error() -> None:
    async with Database.open("postgresql://user:secret@127.0.0.1:1/none") as database:
        with pytest.raises(Unavailable, match="reached") as caught:
            await count(database)
        assert "secret" not in str(caught.value)


async def test_a_statement_that_is_wrong_stays_what_it_is(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as connection:
            await connection.execute(text("SELECT nothing FROM nowhere"))


async def test_many_rows_are_written_and_read_in_order(database: Database) -> None:
    rows = [{"id": f"{number:04}", "name": "n"} for number in range(1000)]
    async with database.write() as transaction:
        await transaction.execute(insert(repositories), rows)
    async with database.read() as connection:
        query = select(repositories.c.id).order_by(repositories.c.id)
        found = (await connection.scalars(query)).all()
    assert found == [row["id"] for row in rows]
