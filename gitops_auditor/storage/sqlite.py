"""SQLite through one hop to the driver's thread per statement.

The driver's own cursor needs four hops for a SELECT (open, execute, fetch, close), and hops, not
SQL, are what a short read costs.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any, Literal, Self, get_args

import anyio
import anyio.to_thread
from aiosqlite import Connection
from typing_extensions import override

BUSY_SECONDS = 10.0
"""How long SQLite itself waits for another process's lock before it gives up."""

Rows = list[tuple[Any, ...]]

Mode = Literal["read", "write", "write hastily"]
"""Who writes hastily does not wait for the disk at a commit."""
MODES: tuple[Mode, ...] = get_args(Mode)


class OneHopCursor:
    """A cursor that holds all its rows as soon as `execute` returns. PEP 249, made awaitable."""

    def __init__(self, connection: "OneHopConnection") -> None:
        self._driver = connection
        self._rows: Rows = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "OneHopCursor":
        """Run one statement and take all its rows."""
        self._take(await self._driver.run(_execute, sql, parameters))
        return self

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> "OneHopCursor":
        """Run one statement for each row of parameters."""
        self._take(await self._driver.run(_execute_many, sql, rows))
        return self

    async def fetchall(self) -> Rows:
        """The rows, once."""
        rows, self._rows = self._rows, []
        return rows

    async def fetchone(self) -> tuple[Any, ...] | None:
        """The next row, or None after the last."""
        return self._rows.pop(0) if self._rows else None

    async def fetchmany(self, size: int | None = None) -> Rows:
        """The next rows, `arraysize` of them unless told."""
        count = size or self.arraysize
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows

    async def close(self) -> None:
        """Forget the rows; the driver's cursor is closed already."""
        self._rows = []

    def _take(self, outcome: tuple[Any, Rows, int, int | None]) -> None:
        self.description, self._rows, self.rowcount, self.lastrowid = outcome


class OneHopConnection(Connection):
    """A connection of aiosqlite whose cursors cost one hop a statement."""

    async def run(self, function: Any, sql: str, parameters: Any) -> Any:
        """Call `function(connection, sql, parameters)` on the connection's thread."""
        # The thread cannot be stopped half-way: leaving it would cost the whole connection.
        with anyio.CancelScope(shield=True):
            outcome = await self._execute(function, self._conn, sql, parameters)  # type: ignore[no-untyped-call]
        return outcome  # noqa: RET504 - a return inside a scope is not seen by mypy

    @override
    def cursor(self) -> OneHopCursor:  # type: ignore[override]
        """A cursor; opening it costs nothing."""
        return OneHopCursor(self)

    @property
    def thread(self) -> Thread:
        """The thread that works for this connection."""
        return self._thread


class Connector:
    """Opens connections to one file, in autocommit, and knows when all of them are gone."""

    def __init__(self, path: Path, mode: Mode) -> None:
        self._path = path
        self._mode = mode
        self._threads: list[Thread] = []

    async def __call__(self) -> OneHopConnection:
        """A new open connection."""
        connection = OneHopConnection(self._open, iter_chunk_size=64)
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._threads.append(connection.thread)
        with anyio.CancelScope(shield=True):
            await connection
        return connection

    async def join(self) -> None:
        """Wait for the threads of connections that were dropped without waiting for their end."""
        for thread in self._threads:
            if thread.is_alive():
                await anyio.to_thread.run_sync(thread.join, BUSY_SECONDS)

    def _open(self) -> sqlite3.Connection:
        return _open(self._path, self._mode)


def _open(path: Path, mode: Mode) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        # SQLAlchemy adds its functions from the event loop's thread before the first statement.
        check_same_thread=False,
        cached_statements=256,
    )
    if mode != "read":
        synchronous = "FULL" if mode == "write" else "NORMAL"
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
    else:
        connection.execute("PRAGMA query_only = ON")
    return connection


def _execute(connection: sqlite3.Connection, sql: str, parameters: Any) -> Any:
    cursor = connection.execute(sql, parameters)
    rows = cursor.fetchall() if cursor.description else []
    outcome = cursor.description, rows, cursor.rowcount, cursor.lastrowid
    cursor.close()
    return outcome


def _execute_many(connection: sqlite3.Connection, sql: str, rows: Any) -> Any:
    cursor = connection.executemany(sql, rows)
    rowcount = cursor.rowcount
    cursor.close()
    return None, [], rowcount, None
