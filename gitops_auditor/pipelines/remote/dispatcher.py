"""The dispatcher of a database that several machines share."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import anyio

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.events import EventLog
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.dispatching import LocalDispatcher
from gitops_auditor.pipelines.executor.executor import Executor
from gitops_auditor.pipelines.remote.queue import RunQueue
from gitops_auditor.pipelines.remote.sweeping import Sweeper
from gitops_auditor.pipelines.remote.worker import SWEEP_SECONDS, RunWorker
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.storage.database import Database
from gitops_auditor.work import Process

SERVER_NAME: Final = "server"

_log = get_logger("pipelines")


class RemoteDispatcher:
    """Sends runs to whoever listens: workers, and servers that carry out runs themselves."""

    def __init__(self, settings: Settings, queue: RunQueue, journal: Journal) -> None:
        self._settings = settings
        self._queue = queue
        self._journal = journal
        self._local = LocalDispatcher(settings)

    async def submitted(self, run_id: str) -> None:
        """Tell the workers of a run that was committed.

        Where nobody listens a process of this machine carries it out, as on SQLite, unless
        PIPELINE_WORKER_COUNT is 0. A message that cannot be sent is made up for by a sweep.
        """
        try:
            await self._queue.send(run_id)
            is_heard = await self._queue.is_listened_to()
        except GitOpsError as error:
            _log.warning("a run waits to be swept up", run=run_id, reason=error.message)
            return
        if not is_heard and self._settings.pipeline_worker_count:
            await self._local.submitted(run_id)

    def foreground(self, executor: Executor) -> AbstractAsyncContextManager[None]:
        """Carry out here what is submitted in the block while nobody else listens."""
        return self._local.foreground(executor)

    async def work(
        self, executor: Executor, process: Process, places: int, name: str = SERVER_NAME
    ) -> None:
        """Carry out up to `places` runs at once until cancelled; with none, only send messages for
        runs that were lost sight of.
        """
        sweeper = Sweeper(self._queue, self._journal, process)
        if places:
            await RunWorker(self._queue, sweeper, executor.engine).work(places, name)
        else:
            await _sweep_forever(sweeper)


@asynccontextmanager
async def open_remote_dispatcher(
    settings: Settings, database: Database, events: EventLog, audit: Audit
) -> AsyncIterator[RemoteDispatcher]:
    """The dispatcher of the machines that share the PostgreSQL database."""
    queue = RunQueue(database, settings.database_url, settings.dead_seconds)
    async with queue.closing():
        yield RemoteDispatcher(settings, queue, Journal(database, events, audit))


async def _sweep_forever(sweeper: Sweeper) -> None:
    while True:
        try:
            await sweeper.sweep()
        except GitOpsError as error:
            _log.warning("cannot look for runs that nobody carries out", reason=error.message)
        await anyio.sleep(SWEEP_SECONDS)
