"""Connections and transactions: what differs between SQLite and PostgreSQL ends here."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any

import anyio
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from gitops_auditor.errors import Unavailable
from gitops_auditor.storage import sqlite
from gitops_auditor.storage.batches import (
    BoundStep,
    SqliteBatches,
    Step,
    bound_steps,
    execute_step,
)
from gitops_auditor.storage.changes import ChangeSignal
from gitops_auditor.storage.engine import AsyncConnection, AsyncEngine, create_async_engine
from gitops_auditor.storage.faults import BUSY, unavailable
from gitops_auditor.storage.urls import Dialect, database_file, parse_url

READERS = 8
"""Reads at once; one connection more watches for other processes' commits."""
WRITER_TURN_SECONDS = 20.0
"""How long a write of this process waits for the writes before it."""

_AUTOCOMMIT: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
_PATIENCE: dict[str, int] = {
    "connect_timeout": 10,
    # A server whose host vanished answers nothing: without these a connection hangs for minutes.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_POOL: dict[str, Any] = {
    "max_overflow": 0,
    "pool_timeout": WRITER_TURN_SECONDS,
    "pool_use_lifo": True,
}

Hook = Callable[[], Awaitable[None]]


class Database:
    """One database, shared by every part of the process. Open it once, with `Database.open`."""

    def __init__(
        self,
        dialect: Dialect,
        readers: AsyncEngine,
        writers: AsyncEngine,
        hasty_writers: AsyncEngine,
        closing: Sequence[Hook],
        batches: Mapping[bool, SqliteBatches],
    ) -> None:
        self.dialect = dialect
        self.changes = ChangeSignal(self._probe)
        self._readers = readers
        self._writers = writers
        self._hasty_writers = hasty_writers
        self._closing = closing
        self._batches = batches
        self._turn = anyio.Lock(fast_acquire=True)
        self._hooks: dict[AsyncConnection, list[Hook]] = {}
        self._probing: AsyncConnection | None = None

    @staticmethod
    @asynccontextmanager
    async def open(url: str) -> AsyncIterator["Database"]:
        """The database at `url`; it is not migrated, and nothing is connected before the first use.

        Raises InvalidSetting for a URL that is neither SQLite's nor PostgreSQL's.
        """
        parsed, dialect = parse_url(url)
        database = _sqlite(parsed) if dialect == "sqlite" else _postgresql(parsed)
        try:
            yield database
        finally:
            with anyio.CancelScope(shield=True):
                await database.close()

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A connection to read with. Each statement sees what is committed when it starts, and
        has all its rows at once: ask for a bounded number.

        Raises Unavailable, also out of the block, when the database cannot be reached.
        """
        return _Reader(self._readers)

    @asynccontextmanager
    async def write(self, *, durable: bool = True) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end of the block, rolled back when the block raises.

        On SQLite it holds the write lock from the start, so keep the block short. Raises
        Unavailable when the database is locked, full or out of reach; then nothing was changed.

        What is not `durable` is not waited for on the disk: it outlives the process, but a power
        cut may take the last of it back, in order, never in parts.
        """
        writers = self._writers if durable else self._hasty_writers
        async with self._translated(), self._writer_turn():
            transaction = await writers.connect()
            try:
                async with self._transaction(transaction):
                    yield transaction
            finally:
                with anyio.CancelScope(shield=True):
                    await transaction.close()

    async def write_batch(self, steps: Sequence[Step], *, durable: bool = True) -> None:
        """Statements in order as one transaction, at much less cost than `write`.

        Raises NothingMatched when a step that must match did not, and as `write`; then nothing was
        changed. The rows of a step have the same names.
        """
        if self.dialect == "sqlite":
            await self._write_batch(bound_steps(steps), durable=durable)
            return
        async with self.write(durable=durable) as transaction:
            for step in steps:
                await execute_step(transaction, step)

    async def _write_batch(self, steps: list[BoundStep], *, durable: bool) -> None:
        async with self._translated(), self._writer_turn():
            with anyio.CancelScope(shield=True):
                await self._batches[durable].run(steps)
                self.changes.notify()

    def after_commit(self, transaction: AsyncConnection, hook: Hook) -> None:
        """Await `hook` once `transaction` is committed, before the next write of this process."""
        self._hooks[transaction].append(hook)

    @asynccontextmanager
    async def _transaction(self, transaction: AsyncConnection) -> AsyncIterator[None]:
        await transaction.begin()
        self._hooks[transaction] = []
        try:
            yield
            with anyio.CancelScope(shield=True):
                await transaction.commit()
                self.changes.notify()
                for hook in self._hooks[transaction]:
                    await hook()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await transaction.rollback()
            raise
        finally:
            del self._hooks[transaction]

    @asynccontextmanager
    async def _writer_turn(self) -> AsyncIterator[None]:
        if self.dialect == "postgresql":
            yield
            return
        with anyio.move_on_after(WRITER_TURN_SECONDS) as waiting:
            await self._turn.acquire()
        if waiting.cancelled_caught:
            message, hint = BUSY
            raise Unavailable(message, hint=hint)
        try:
            yield
        finally:
            self._turn.release()

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            _raise_unavailable(error)
            raise

    async def _probe(self) -> object:
        question = (
            "PRAGMA data_version"
            if self.dialect == "sqlite"
            else "SELECT CAST(pg_current_snapshot() AS TEXT)"
        )
        async with self._translated():
            connection = await self._probing_connection()
            try:
                with anyio.CancelScope(shield=True):
                    answer = (await connection.exec_driver_sql(question)).scalar_one()
            except BaseException:
                self._probing = None
                with anyio.CancelScope(shield=True):
                    await connection.close()
                raise
        # SQLite's number compares only with numbers of the same connection.
        return id(connection), answer

    async def _probing_connection(self) -> AsyncConnection:
        if self._probing is None:
            self._probing = await self._readers.connect()
        return self._probing

    async def close(self) -> None:
        """End every connection; `open` does it at the end of its block."""
        if self._probing is not None:
            await self._probing.close()
        await self._readers.dispose()
        await self._writers.dispose()
        await self._hasty_writers.dispose()
        for batches in self._batches.values():
            await batches.close()
        for close in self._closing:
            await close()


class _Reader:
    """A pooled connection for the length of a block."""

    __slots__ = ("_connection", "_engine")

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __aenter__(self) -> AsyncConnection:
        try:
            self._connection = await self._engine.connect()
        except SQLAlchemyError as error:
            _raise_unavailable(error)
            raise
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._connection.close()
        if isinstance(error, SQLAlchemyError):
            _raise_unavailable(error)


def _raise_unavailable(error: SQLAlchemyError | sqlite3.Error) -> None:
    typed = unavailable(error)
    if typed is not None:
        raise typed from error


def _sqlite(url: URL) -> "Database":
    path = database_file(url)
    connectors = {mode: sqlite.Connector(path, mode) for mode in sqlite.MODES}
    # No transaction is ever left open, so a connection goes back to its pool as it is.
    shared: dict[str, Any] = {**_POOL, "pool_reset_on_return": None}
    readers = create_async_engine(
        url, async_creator=connectors["read"], pool_size=READERS + 1, **_AUTOCOMMIT, **shared
    )
    writers, hasty_writers = (
        create_async_engine(url, async_creator=connectors[mode], pool_size=1, **shared)
        for mode in ("write", "write hastily")
    )
    for engine in (writers, hasty_writers):
        event.listen(engine.sync_engine, "begin", _begin_immediate)
    closing = [connector.join for connector in connectors.values()]
    batches = {
        True: SqliteBatches(connectors["write"]),
        False: SqliteBatches(connectors["write hastily"]),
    }
    return Database("sqlite", readers, writers, hasty_writers, closing, batches)


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(url: URL) -> "Database":
    def engine(options: str, size: int, **more: Any) -> AsyncEngine:
        arguments = {"options": f"-c timezone=UTC {options}", **_PATIENCE}
        return create_async_engine(url, connect_args=arguments, pool_size=size, **_POOL, **more)

    read_only = "-c default_transaction_read_only=on"
    readers = engine(read_only, READERS + 1, pool_reset_on_return=None, **_AUTOCOMMIT)
    hasty_writers = engine("-c synchronous_commit=off", READERS)
    return Database("postgresql", readers, engine("", READERS), hasty_writers, (), {})
