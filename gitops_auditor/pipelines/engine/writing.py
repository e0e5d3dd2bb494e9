"""Writes changes of one run to the journal, and waits for a database that cannot take them."""

import time
from typing import Final

import anyio

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.host import this_host
from gitops_auditor.pipelines.engine.ports import FaultPoint
from gitops_auditor.pipelines.engine.record import Change, LoadedRun
from gitops_auditor.pipelines.store.journal import Journal

PATIENCE_SECONDS: Final = 600.0
"""How long a run waits for its database before it is given up for now."""
LONGEST_PAUSE: Final = 5.0

_log = get_logger("pipelines")


class Writer:
    """The journal as one run uses it."""

    def __init__(self, journal: Journal, run: LoadedRun, fault: FaultPoint) -> None:
        self._journal = journal
        self._run = run
        self._fault = fault

    async def write(self, change: Change, patience: float | None = None) -> None:
        """Keep the change. A locked or full database is tried again for `patience` seconds.

        Raises Fenced when the run is another process's, and Unavailable in the end.
        """
        self._fault("commit.before")
        most = PATIENCE_SECONDS if patience is None else patience
        deadline, pause = time.monotonic() + most, 0.1
        while not await self._written(change, deadline):
            await anyio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            if await self._landed(change):
                break
        self._fault("commit.after")

    async def _written(self, change: Change, deadline: float) -> bool:
        run = self._run
        try:
            # Half a write is none, but the caller has to know whether it was made.
            with anyio.CancelScope(shield=True):
                await self._journal.save(run.claim, run.identity, this_host(), change)
        except Unavailable as error:
            if time.monotonic() >= deadline:
                raise
            _log.warning("a run waits for its database", run=run.identity.id, reason=error.message)
            return False
        return True

    async def _landed(self, change: Change) -> bool:
        """Whether it was kept all the same: the answer to a commit may have been lost."""
        try:
            return await self._journal.landed(self._run.claim, change.memory.saves)
        except Unavailable:
            return False
