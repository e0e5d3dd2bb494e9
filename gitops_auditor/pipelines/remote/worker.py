"""Takes runs that the queue tells of, and carries them out in this process."""

from typing import Final

import anyio
from anyio.abc import TaskGroup

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.engine import RunEngine
from gitops_auditor.pipelines.remote.queue import RunQueue
from gitops_auditor.pipelines.remote.sweeping import Sweeper

SWEEP_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 1.0
"""How soon a run that begins to wait for an approval makes room for another."""
RETRY_SECONDS: Final = 1.0
LAST_SWEEP_SECONDS: Final = 5.0

_log = get_logger("pipelines")


class RunWorker:
    """Carries out runs of the database beside any number of others, here and elsewhere."""

    def __init__(self, queue: RunQueue, sweeper: Sweeper, engine: RunEngine) -> None:
        self._queue = queue
        self._sweeper = sweeper
        self._engine = engine
        self._runs: TaskGroup | None = None
        self._swept = anyio.Event()

    async def work(self, places: int, name: str) -> None:
        """Carry out up to `places` runs at once, not counting those that wait for an approval.

        Goes on until cancelled; then it hands over what runs, and tells the others of it.
        """
        try:
            await self._engine.remove_leftovers()
            async with anyio.create_task_group() as runs:
                self._runs = runs
                runs.start_soon(self._sweep_forever)
                await self._listen_forever(places, name)
        finally:
            self._runs = None
            with anyio.move_on_after(LAST_SWEEP_SECONDS, shield=True):
                await self._sweep()

    async def _listen_forever(self, places: int, name: str) -> None:
        while True:
            try:
                await self._queue.listen(self._take, places, name)
            except Unavailable as error:
                _log.warning("cannot listen for runs", reason=error.message)
            await anyio.sleep(RETRY_SECONDS)

    async def _take(self, run_id: str) -> None:
        """Carry a run out; ends when it is over, or waits for somebody's approval."""
        if self._runs is None:
            return
        over = anyio.Event()
        self._runs.start_soon(self._carry_out, run_id, over)
        while not over.is_set() and not self._engine.is_waiting(run_id):
            with anyio.move_on_after(LOOK_SECONDS):
                await over.wait()

    async def _carry_out(self, run_id: str, over: anyio.Event) -> None:
        try:
            await self._engine.run(run_id)
        except Unavailable as error:
            _log.error("a run is given up for now", run=run_id, reason=error.message)
        finally:
            over.set()
            # Others of its concurrency group may go on now.
            self._swept.set()

    async def _sweep_forever(self) -> None:
        while True:
            self._swept = anyio.Event()
            for run_id in await self._sweep():
                if self._runs is not None:
                    self._runs.start_soon(self._carry_out, run_id, anyio.Event())
            with anyio.move_on_after(SWEEP_SECONDS):
                await self._swept.wait()

    async def _sweep(self) -> tuple[str, ...]:
        try:
            return (await self._sweeper.sweep(self._engine.open_runs)).own
        except Unavailable as error:
            _log.warning("cannot look for runs that nobody carries out", reason=error.message)
            return ()
