"""The dispatcher of a database that several machines share."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NoReturn

import anyio

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.events import EventLog
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.dispatching import LocalDispatcher
from gitops_auditor.pipelines.executor.companion import accompany
from gitops_auditor.pipelines.executor.executor import Executor
from gitops_auditor.pipelines.remote.queue import RunQueue
from gitops_auditor.pipelines.remote.sweeping import Sweeper
from gitops_auditor.pipelines.remote.worker import SWEEP_SECONDS, RunWorker
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.storage.database import Database
from gitops_auditor.work import Process

SERVER_NAME: Final = "server"
LOOK_SECONDS: Final = 1.0
Here = Callable[[], Awaitable[None]]

_log = get_logger("pipelines")


class RemoteDispatcher:
    """Sends runs to whoever listens: workers, and servers that carry out runs themselves."""

    def __init__(self, settings: Settings, queue: RunQueue, journal: Journal) -> None:
        self._settings = settings
        self._queue = queue
        self._journal = journal
        self._local = LocalDispatcher(settings)
        self._is_working = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def submitted(self, run_id: str) -> None:
        """Tell the workers of a run that was committed.

        Where nobody listens a process of this machine carries it out, as on SQLite, unless
        PIPELINE_WORKER_COUNT is 0. A message that cannot be sent is made up for by a sweep.
        """
        try:
            await self._queue.send(run_id)
        except GitOpsError as error:
            _log.warning("no worker was told of a run", run=run_id, reason=error.message)
        await self._bring(lambda: self._local.submitted(run_id))

    async def waiting(self, carry_out: Callable[[], Awaitable[object]]) -> None:
        """As `submitted`, for what is no run: workers and servers look for it themselves."""
        await self._bring(lambda: self._local.waiting(carry_out))

    async def _bring(self, here: Here) -> None:
        """Have it carried out on this machine where nobody else does it."""
        if not self._settings.pipeline_worker_count or self._is_working:
            return
        if await self._is_heard():
            # A worker that died a moment ago looks alive for a while.
            task = asyncio.create_task(self._see_to(here))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            await here()

    @asynccontextmanager
    async def closing(self) -> AsyncIterator["RemoteDispatcher"]:
        """See to nothing any more after the block."""
        try:
            yield self
        finally:
            tasks = [*self._tasks]
            for task in tasks:
                task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _see_to(self, here: Here) -> None:
        """Carry it out on this machine unless somebody listened after it was submitted."""
        until = time.monotonic() + self._settings.dead_seconds + LOOK_SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
            if not await self._is_heard():
                await self._carry_out(here)
                return

    async def _carry_out(self, here: Here) -> None:
        try:
            await here()
        except GitOpsError as error:
            _log.error("what was asked for waits for a worker", reason=error.message)

    async def _is_heard(self) -> bool:
        try:
            return await self._queue.is_listened_to()
        except GitOpsError as error:
            _log.warning("workers cannot be looked for", reason=error.message)
            return False

    def foreground(self, executor: Executor) -> AbstractAsyncContextManager[None]:
        """Carry out here what is submitted in the block while nobody else listens."""
        return self._local.foreground(executor)

    async def work(
        self, executor: Executor, process: Process, places: int, name: str = SERVER_NAME
    ) -> None:
        """Carry out up to `places` runs at once, and what is no run, until cancelled; with none,
        only send messages for runs that were lost sight of.
        """
        self._is_working = True
        sweeper = Sweeper(self._queue, self._journal, process)
        if not places:
            await _sweep_forever(sweeper)
        async with anyio.create_task_group() as tasks:
            for companion in executor.companions:
                tasks.start_soon(accompany, companion, self._journal)
            await RunWorker(self._queue, sweeper, executor.engine).work(places, name)


@asynccontextmanager
async def open_remote_dispatcher(
    settings: Settings, database: Database, events: EventLog, audit: Audit
) -> AsyncIterator[RemoteDispatcher]:
    """The dispatcher of the machines that share the PostgreSQL database."""
    queue = RunQueue(database, settings.database_url, settings.dead_seconds)
    dispatcher = RemoteDispatcher(settings, queue, Journal(database, events, audit))
    async with queue.closing(), dispatcher.closing():
        yield dispatcher


async def _sweep_forever(sweeper: Sweeper) -> NoReturn:
    while True:
        try:
            await sweeper.sweep()
        except GitOpsError as error:
            _log.warning("cannot look for runs that nobody carries out", reason=error.message)
        await anyio.sleep(SWEEP_SECONDS)
