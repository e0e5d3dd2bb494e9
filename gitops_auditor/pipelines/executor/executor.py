"""Takes the runs that nobody carries out, as long as this process is the executor."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import TaskGroup

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.engine import RunEngine
from gitops_auditor.pipelines.executor.companion import Companion
from gitops_auditor.pipelines.executor.lock import ExecutorLock
from gitops_auditor.pipelines.states import FINAL
from gitops_auditor.pipelines.store.journal import Journal, Waiting
from gitops_auditor.work import Process

CLEAR_SECONDS: Final = 600.0
"""How often it takes away what runs left behind."""
LOOK_SECONDS: Final = 1.0
"""How often it looks for dead owners, and for the lock while another process is the executor."""
PAUSE_SECONDS: Final = 0.03
"""The least time between two looks: each commit of a run is a change, too."""
RETRY_SECONDS: Final = 1.0
TRIES: Final = 10
TRY_SECONDS: Final = 0.05
"""Who only asks whether there is an executor holds the lock for an instant, too."""
MOST_RUNS: Final = 32
"""Runs that are open at once, but for those that wait for somebody's approval."""

_log = get_logger("pipelines")


class Executor:
    """One in each process that may carry out runs."""

    def __init__(
        self,
        engine: RunEngine,
        journal: Journal,
        process: Process,
        data_dir: Path,
        companions: Sequence[Companion] = (),
    ) -> None:
        """What the companions take is carried out beside the runs."""
        self._engine = engine
        self._journal = journal
        self._process = process
        self._companions = companions
        self._lock = ExecutorLock(data_dir)
        self._idle_since = time.monotonic()
        self._cleared_at: float | None = None

    @property
    def engine(self) -> RunEngine:
        """What carries out the runs."""
        return self._engine

    @property
    def companions(self) -> Sequence[Companion]:
        """What this process carries out beside runs."""
        return self._companions

    async def work(self, until_idle_seconds: float | None = None) -> None:
        """Be the executor of the data folder as soon as no other process is, and carry out runs.

        Ends when there was nothing to do for `until_idle_seconds`; then also at once when another
        process is the executor. Without it goes on until cancelled, which hands running runs over.
        """
        with self._lock.closing():
            while await self._elected(wait=until_idle_seconds is None):
                self._idle_since = time.monotonic()
                async with anyio.create_task_group() as runs:
                    await self._take_runs(runs, until_idle_seconds)
                self._lock.release()
                # Whoever adds a run looks at the lock after that: one of us sees the other.
                if not await self._any_active():
                    return

    async def carry_out(self, run_id: str) -> str | None:
        """Carry out one run in this process, and return its final status.

        It waits for its turn: for the concurrency group, or while another process that lives has
        it. None when there is no such run. Cancelled, it hands the run over. Raises Unavailable.
        """
        while True:
            seen = self._journal.version
            status = await self._engine.run(run_id) or await self._journal.status(run_id)
            if status is None or status in FINAL:
                return status
            await self._journal.changed(seen, LOOK_SECONDS)

    async def _elected(self, *, wait: bool) -> bool:
        tries = 0
        while not self._lock.acquire():
            tries += 1
            if not wait and tries > TRIES:
                return False
            await anyio.sleep(LOOK_SECONDS if wait else TRY_SECONDS)
        return True

    async def _take_runs(self, runs: TaskGroup, until_idle_seconds: float | None) -> None:
        while True:
            seen = self._journal.version
            try:
                await self._take_waiting(runs)
                for companion in self._companions:
                    await companion.take(runs)
                await self._clear_up()
                if await self._is_idle(until_idle_seconds):
                    return
            except Unavailable as error:
                _log.warning("cannot look for runs", reason=error.message)
                await anyio.sleep(RETRY_SECONDS)
            await anyio.sleep(PAUSE_SECONDS)
            await self._journal.changed(seen, LOOK_SECONDS)

    async def _clear_up(self) -> None:
        now = time.monotonic()
        if self._cleared_at is None or now - self._cleared_at > CLEAR_SECONDS:
            self._cleared_at = now
            await self._engine.remove_leftovers()

    async def _take_waiting(self, runs: TaskGroup) -> None:
        room = MOST_RUNS - self._engine.busy
        if room <= 0:
            return
        alive: dict[str, bool] = {}
        # Runs of other processes stand among those that wait: ask for more than there is room for.
        for found in await self._journal.waiting(self._engine.open_runs, 10 * MOST_RUNS):
            if room > 0 and await self._is_free(found, alive):
                room -= 1
                runs.start_soon(self._run, found.run_id)

    async def _is_free(self, found: Waiting, alive: dict[str, bool]) -> bool:
        if found.owner is None or found.owner == self._process.id:
            return True
        if found.owner not in alive:
            alive[found.owner] = await self._process.alive(found.owner)
        return not alive[found.owner]

    async def _run(self, run_id: str) -> None:
        try:
            await self._engine.run(run_id)
        except Unavailable as error:
            _log.error("a run is given up for now", run=run_id, reason=error.message)
        except Exception as error:  # noqa: BLE001 - the other runs must not end with this one
            _log.error("a run cannot be carried out", run=run_id, exc_info=error)
        # There is room for another one now, or nothing to do any more.
        self._journal.nudge()

    async def _is_idle(self, seconds: float | None) -> bool:
        if seconds is None:
            return False
        now = time.monotonic()
        if self._is_busy or await self._any_active():
            self._idle_since = now
            return False
        return now - self._idle_since >= seconds

    @property
    def _is_busy(self) -> bool:
        return bool(self._engine.open_runs) or any(one.is_busy for one in self._companions)

    async def _any_active(self) -> bool:
        if await self._journal.any_active():
            return True
        for companion in self._companions:
            if await companion.any_active():
                return True
        return False
