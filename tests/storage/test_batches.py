import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gitops_auditor.errors import Unavailable
from gitops_auditor.storage import sqlite
from gitops_auditor.storage.batches import NothingMatched, Step
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.tables import events, repositories
from tests.factories.databases import migrated_sqlite

ADD = insert(repositories)
RENAME = (
    update(repositories)
    .where(repositories.c.id == bindparam("b_id"))
    .values(name=bindparam("name"), updated_at=bindparam("updated_at"))
)
NOW = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)


def added(*names: str) -> Step:
    return Step(ADD, [{"id": name, "name": name} for name in names])


def renamed(*names: str) -> Step:
    rows = [{"b_id": name, "name": "new", "updated_at": NOW} for name in names]
    return Step(RENAME, rows, must_match=True)


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        query = select(repositories.c.name).order_by(repositories.c.id)
        return list(await connection.scalars(query))


async def test_a_batch_is_one_transaction_in_order(database: Database) -> None:
    before = database.changes.version
    await database.write_batch([added("a", "b"), renamed("a"), Step(ADD, [])])
    assert await names(database) == ["new", "b"]
    assert database.changes.version > before


async def test_values_are_bound_as_their_columns_want_them(database: Database) -> None:
    row = {"seq": 1, "channel": "c", "name": "n", "data": {"a": [1, None]}, "created_at": NOW}
    await database.write_batch([Step(insert(events), [row])])
    async with database.read() as connection:
        found = (await connection.execute(select(events))).one()
    assert (found.data, found.created_at) == ({"a": [1, None]}, NOW)


async def test_constants_of_a_statement_are_bound(database: Database) -> None:
    following = select(func.coalesce(func.max(events.c.seq), 41) + 1).scalar_subquery()
    append = insert(events).values(seq=following)
    row = {"channel": "c", "name": "n", "data": {}, "created_at": NOW}
    await database.write_batch([Step(append, [row, row])])
    async with database.read() as connection:
        assert list(await connection.scalars(select(events.c.seq))) == [42, 43]


async def test_a_step_that_must_match_and_does_not_undoes_the_batch(database: Database) -> None:
    with pytest.raises(NothingMatched):
        await database.write_batch([added("a"), renamed("b")])
    assert await names(database) == []
    await database.write_batch([added("a")])
    assert await names(database) == ["a"]


async def test_a_statement_that_fails_undoes_the_batch(database: Database) -> None:
    with pytest.raises((IntegrityError, sqlite3.IntegrityError)):
        await database.write_batch([added("a"), added("a")])
    assert await names(database) == []


async def test_a_locked_database_is_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    url = await migrated_sqlite(tmp_path)
    async with Database.open(url) as first, Database.open(url) as second, first.write():
        with pytest.raises(Unavailable, match="locked"):
            await second.write_batch([added("a")])


async def test_a_batch_may_leave_the_disk_to_the_system(database: Database) -> None:
    await database.write_batch([added("a")], durable=False)
    assert await names(database) == ["a"]
