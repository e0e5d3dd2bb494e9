"""Several statements as one transaction in a single hop to SQLite's thread.

What a short transaction costs is not SQL but the way to it: hops between threads, and finding out
anew for each statement how its parameters are bound.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Delete, Dialect, Insert, Update

from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.sqlite import Connector, OneHopConnection

Statement = Insert | Update | Delete


class Step(NamedTuple):
    """A statement and the rows of parameters it runs with; without `rows` it is left out.

    With `must_match` each row has to change something, or the whole batch is undone.
    """

    statement: Statement
    rows: Sequence[Mapping[str, Any]]
    must_match: bool = False


class NothingMatched(LookupError):
    """A statement that had to change something changed nothing; the batch was undone."""


Getter = Callable[[Mapping[str, Any]], Any]


class Prepared(NamedTuple):
    """A statement as text, and what gives each of its parameters out of a row, in order."""

    sql: str
    getters: tuple[Getter, ...]

    def bound(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters of one row."""
        return tuple([get(row) for get in self.getters])


@lru_cache(maxsize=256)
def prepare(statement: Statement, names: tuple[str, ...]) -> Prepared:
    """The statement with parameters of these names. Worth it for statements built once."""
    # Only writing to SQLite needs it.
    from sqlalchemy.dialects import sqlite  # noqa: PLC0415

    dialect = sqlite.dialect()
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    getters = (_getter(compiled.binds[name], names, dialect) for name in compiled.positiontup)
    return Prepared(compiled.string, tuple(getters))


def _getter(parameter: BindParameter[Any], names: tuple[str, ...], dialect: Dialect) -> Getter:
    bind: Any = parameter.type.dialect_impl(dialect).bind_processor(dialect)
    if parameter.key not in names:
        constant = parameter.value if bind is None else bind(parameter.value)
        return lambda _row: constant
    name = parameter.key
    return itemgetter(name) if bind is None else lambda row: bind(row[name])


async def execute_step(transaction: AsyncConnection, step: Step) -> None:
    """Run a step in a transaction. Raises NothingMatched."""
    if step.rows:
        rows = [dict(row) for row in step.rows]
        given = rows[0] if len(rows) == 1 else rows
        changed = (await transaction.execute(step.statement, given)).rowcount
        if step.must_match and changed < len(rows):
            raise NothingMatched(str(step.statement))


BoundStep = tuple[str, list[tuple[Any, ...]], bool]


def bound_steps(steps: Sequence[Step]) -> list[BoundStep]:
    """The steps as the driver takes them."""
    found = []
    for step in steps:
        if step.rows:
            prepared = prepare(step.statement, tuple(step.rows[0]))
            found.append(
                (prepared.sql, [prepared.bound(row) for row in step.rows], step.must_match)
            )
    return found


class SqliteBatches:
    """A connection for batches alone, opened when the first one comes."""

    def __init__(self, connect: Connector) -> None:
        self._connect = connect
        self._connection: OneHopConnection | None = None

    async def run(self, steps: Sequence[BoundStep]) -> None:
        """Run steps as one transaction; one caller at a time, not cancelled half-way."""
        if self._connection is None:
            self._connection = await self._connect()
        await self._connection.run(_run, "", steps)

    async def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _run(connection: sqlite3.Connection, _sql: str, steps: Sequence[BoundStep]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for sql, rows, must_match in steps:
            changed = connection.executemany(sql, rows).rowcount
            if must_match and changed < len(rows):
                raise NothingMatched(sql)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
