"""Which processes are alive, so that the work of dead ones is not believed to be running.

On SQLite each process holds a lock on a file of its own: the system lets go of it when the
process ends, however it ends; suspend and clock jumps do not. On PostgreSQL, where processes may be
on different machines, each one writes a heartbeat by the server's clock.
"""

import asyncio
import fcntl
import math
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import anyio
import anyio.to_thread
from sqlalchemy import delete, func, insert, select, update

from gitops_auditor.errors import InvalidSetting, Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.tables import processes

DEAD_SECONDS = 30.0
BEATS = 6
"""How often a heartbeat is tried in the time after which a process counts as dead."""

_log = get_logger("work")


class Process(Protocol):
    """This process among those that share a database."""

    @property
    def id(self) -> str:
        """A name that no other process, past or future, has."""

    async def alive(self, process_id: str) -> bool:
        """Whether the process with this id still runs."""

    def on_lapse(self, seconds: float, hook: Callable[[], None]) -> AbstractContextManager[None]:
        """Have `hook` called, in the block, so many seconds before others may take this process
        for dead though it runs; again after each time that it was seen to be alive meanwhile.

        Raises InvalidSetting when there is not so much time.
        """

    def is_certain(self, seconds: float) -> bool:
        """Whether nobody will take this process for dead within so many seconds."""


def open_process(
    database: Database, data_dir: Path, dead_seconds: float = DEAD_SECONDS
) -> AbstractAsyncContextManager[Process]:
    """Be alive, for others to see, for the length of the block.

    On PostgreSQL a process counts as dead `dead_seconds` after its last heartbeat: all processes
    have to agree on it.
    """
    if database.dialect == "sqlite":
        return lock_file_process(data_dir / "processes")
    return heartbeat_process(database, beat_seconds=dead_seconds / BEATS, dead_seconds=dead_seconds)


class LockFileProcess:
    """Alive means: holds the lock of `<folder>/<id>.lock`."""

    def __init__(self, process_id: str, folder: Path) -> None:
        self.id = process_id
        self._folder = folder

    async def alive(self, process_id: str) -> bool:
        """See Process."""
        path = self._folder / f"{process_id}.lock"
        return await anyio.to_thread.run_sync(_is_locked, path)

    def on_lapse(self, _seconds: float, _hook: Callable[[], None]) -> AbstractContextManager[None]:
        """See Process. A lock does not lapse."""
        return nullcontext()

    def is_certain(self, _seconds: float) -> bool:
        """See Process."""
        return True


@asynccontextmanager
async def lock_file_process(folder: Path) -> AsyncIterator[Process]:
    """Hold a lock file in `folder`. Raises Unavailable when it cannot be written."""
    process_id = _new_id()
    with _held_lock(folder, process_id):
        yield LockFileProcess(process_id, folder)


class HeartbeatProcess:
    """Alive means: its row was touched in the last `dead_seconds` of the server's clock."""

    def __init__(
        self, process_id: str, database: Database, beat_seconds: float, dead_seconds: float
    ) -> None:
        self.id = process_id
        self._database = database
        self._beat_seconds = beat_seconds
        self._dead_seconds = dead_seconds
        self._dead_after = timedelta(seconds=dead_seconds)
        self._beaten_at = time.monotonic()
        self._alarms: list[_Alarm] = []

    async def alive(self, process_id: str) -> bool:
        """See Process."""
        recent = processes.c.heartbeat_at > func.clock_timestamp() - self._dead_after
        query = select(processes.c.id).where(processes.c.id == process_id, recent)
        async with self._database.read() as connection:
            return await connection.scalar(query) is not None

    @contextmanager
    def on_lapse(self, seconds: float, hook: Callable[[], None]) -> Iterator[None]:
        """See Process."""
        # One heartbeat may be late, by chance, without any harm.
        if seconds + 2 * self._beat_seconds > self._dead_seconds:
            least = math.ceil(seconds * BEATS / (BEATS - 2))
            raise InvalidSetting(
                f"A process that counts as dead after {self._dead_seconds:g} s has no time to end"
                f" its jobs, which takes up to {seconds:g} s.",
                hint=f"Set PIPELINE_DEAD_SECONDS to {least} or more, the same on every machine.",
            )
        alarm = _Alarm(self._dead_seconds - seconds, hook)
        alarm.set(self._beaten_at)
        self._alarms.append(alarm)
        try:
            yield
        finally:
            self._alarms.remove(alarm)
            alarm.stop()

    def is_certain(self, seconds: float) -> bool:
        """See Process."""
        return time.monotonic() + seconds < self._beaten_at + self._dead_seconds

    async def beat(self) -> None:
        """Touch the row."""
        # The server's clock is read later: it takes us for dead no sooner than we do.
        began = time.monotonic()
        now = func.clock_timestamp()
        touch = update(processes).where(processes.c.id == self.id).values(heartbeat_at=now)
        async with self._database.write() as transaction:
            if (await transaction.execute(touch)).rowcount == 0:
                row = insert(processes).values(id=self.id, heartbeat_at=now)
                await transaction.execute(row)
        self._beaten_at = began
        for alarm in self._alarms:
            alarm.set(began)

    async def beat_forever(self) -> None:
        """Touch the row again and again; a server that is away for a while is waited for."""
        while True:
            await asyncio.sleep(self._beat_seconds)
            try:
                await self.beat()
            except Unavailable as error:
                _log.warning("no heartbeat could be written", reason=error.message)

    async def leave(self) -> None:
        """Take the row away."""
        async with self._database.write() as transaction:
            await transaction.execute(delete(processes).where(processes.c.id == self.id))


class _Alarm:
    """Calls a hook so many seconds after the moment it was last set to."""

    def __init__(self, seconds: float, hook: Callable[[], None]) -> None:
        self._seconds = seconds
        self._hook = hook
        self._timer: asyncio.TimerHandle | None = None

    def set(self, moment: float) -> None:
        """Count from a moment of time.monotonic()."""
        self.stop()
        left = moment + self._seconds - time.monotonic()
        self._timer = asyncio.get_running_loop().call_later(left, self._hook)

    def stop(self) -> None:
        """Call nothing until it is set again."""
        if self._timer is not None:
            self._timer.cancel()


@asynccontextmanager
async def heartbeat_process(
    database: Database, *, beat_seconds: float, dead_seconds: float = DEAD_SECONDS
) -> AsyncIterator[Process]:
    """Keep a row of `processes` fresh. Raises Unavailable when the server cannot be reached."""
    process = HeartbeatProcess(_new_id(), database, beat_seconds, dead_seconds)
    await process.beat()
    # Not a task group: whoever opens the services may close them from another task.
    beating = asyncio.create_task(process.beat_forever())
    try:
        yield process
    finally:
        beating.cancel()
        with anyio.CancelScope(shield=True), suppress(asyncio.CancelledError):
            await beating
        with anyio.CancelScope(shield=True), suppress(Unavailable):
            await process.leave()


def _new_id() -> str:
    return f"{os.getpid()}-{secrets.token_hex(8)}"


@contextmanager
def _held_lock(folder: Path, process_id: str) -> Iterator[None]:
    path, unlocked = folder / f"{process_id}.lock", folder / f"{process_id}.new"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = unlocked.open("w", encoding="utf-8")
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be written to.",
            hint="Check its owner, mode and free space.",
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # Under its final name it is locked from the start, or another process took it for dead.
        unlocked.rename(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _is_locked(path: Path) -> bool:
    try:
        file = path.open(encoding="utf-8")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        path.unlink(missing_ok=True)
        return False
