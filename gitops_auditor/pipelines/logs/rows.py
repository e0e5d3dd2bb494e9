"""Logs as rows of the database, for processes that share no disk."""

import asyncio
import contextlib
import os
import tempfile
from typing import Final

import anyio

from gitops_auditor.errors import Unavailable
from gitops_auditor.pipelines.logs.appending import AppendedFile
from gitops_auditor.pipelines.logs.pieces import MAX_PIECE, LogPiece, bounds, last_lines, piece
from gitops_auditor.pipelines.store import log_chunks
from gitops_auditor.pipelines.store.log_chunks import CHUNK_BYTES, LogName
from gitops_auditor.storage.database import Database

FLUSH_SECONDS: Final = 0.5
"""How far what readers see is behind while a log grows."""
_PIECES_AT_ONCE: Final = 16


class DatabaseLog:
    """The log of one attempt.

    It is written to an unnamed file first, which a task copies into rows: a flood of output waits
    on the disk and not in memory. What a dying process did not copy is lost.
    """

    def __init__(self, database: Database, name: LogName) -> None:
        self._stored = 0
        self._database = database
        self._name = name
        self._file = AppendedFile(_unnamed_file())
        self._grown = asyncio.Event()
        self._ending = asyncio.Event()
        self._copying = asyncio.create_task(self._copy_while_growing(), name="log")

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.size

    def write(self, data: bytes) -> None:
        """Append the bytes. After a failure nothing more is kept, and `close` says so."""
        self._file.write(data)
        self._grown.set()

    async def close(self) -> int:
        """The size in bytes, all of it stored. Raises Unavailable when it is not."""
        self._ending.set()
        self._grown.set()
        try:
            with anyio.CancelScope(shield=True):
                await asyncio.gather(self._copying, return_exceptions=True)
                await self._copy()
        finally:
            self._file.close()
        return self._file.require_whole()

    async def _copy_while_growing(self) -> None:
        while not self._ending.is_set():
            await self._grown.wait()
            self._grown.clear()
            # A database that is away for a moment is tried again; `close` gives up.
            with contextlib.suppress(Unavailable):
                await self._copy()
            with anyio.move_on_after(FLUSH_SECONDS):
                await self._ending.wait()

    async def _copy(self) -> None:
        while self._stored < self.size:
            pieces = await anyio.to_thread.run_sync(self._unstored)
            async with self._database.write() as transaction:
                await log_chunks.append(transaction, self._name, self._stored, pieces)
            self._stored += sum(map(len, pieces))

    def _unstored(self) -> list[bytes]:
        end = min(self.size, self._stored + _PIECES_AT_ONCE * CHUNK_BYTES)
        starts = range(self._stored, end, CHUNK_BYTES)
        return [self._file.read(start, min(CHUNK_BYTES, end - start)) for start in starts]


def _unnamed_file() -> int:
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class DatabaseLogs:
    """Logs as rows; close each log that was opened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, run_id: str, job: str, attempt: int) -> DatabaseLog:
        """A log to write. Raises Unavailable when there is no room for it."""
        try:
            return DatabaseLog(self._database, LogName(run_id, job, attempt))
        except OSError as fault:
            raise Unavailable(
                f"The log cannot be made: {fault.strerror}.",
                hint="Check the folder of temporary files.",
            ) from fault

    async def read(self, run_id: str, job: str, attempt: int, offset: int, limit: int) -> LogPiece:
        """What stands from `offset` on (from the end when negative), at most `limit` bytes.

        Empty when there is no log.
        """
        name = LogName(run_id, job, attempt)
        async with self._database.read() as connection:
            size = await log_chunks.size(connection, name)
            start, length = bounds(offset, limit, size)
            return piece(await log_chunks.content(connection, name, start, length), start, size)

    async def tail(
        self, run_id: str, job: str, attempt: int, *, limit: int, lines: int | None = None
    ) -> LogPiece:
        """The last whole lines: at most `limit` bytes of them, and at most `lines`."""
        return last_lines(
            await self.read(run_id, job, attempt, -min(limit, MAX_PIECE), limit), lines
        )

    async def delete(self, run_id: str) -> None:
        """Forget the logs of a run; nothing happens when it has none."""
        async with self._database.write() as transaction:
            await log_chunks.delete_run(transaction, run_id)
