"""Finds runs that nobody carries out and no message tells of, and sends one for each."""

from collections.abc import Collection
from typing import Final, NamedTuple

from gitops_auditor.pipelines.remote.queue import RunQueue
from gitops_auditor.pipelines.store.journal import Journal, Waiting
from gitops_auditor.work import Process

MOST: Final = 500
"""Runs looked at in one sweep, the oldest."""
TAKEN_OVER: Final = 1
"""The priority of runs that began already; they go before those that did not."""


class Swept(NamedTuple):
    """What a sweep did: the runs that messages were sent for, and those this process has itself."""

    sent: tuple[str, ...]
    own: tuple[str, ...]


class Sweeper:
    """Any number of processes may sweep the same database."""

    def __init__(self, queue: RunQueue, journal: Journal, process: Process) -> None:
        self._queue = queue
        self._journal = journal
        self._process = process

    async def sweep(self, open_runs: Collection[str] = ()) -> Swept:
        """Send a message for each run that may be carried out, whose owner is nobody or dead.

        `open_runs` are those that this process carries out; what it owns beside them it gave up,
        and only it can claim again. Raises Unavailable.
        """
        waiting = await self._journal.waiting(open_runs, MOST)
        own = tuple(one.run_id for one in waiting if one.owner == self._process.id)
        free = await self._free([one for one in waiting if one.run_id not in own])
        known = await self._queue.queued([one.run_id for one in free]) if free else set()
        unknown = [one for one in free if one.run_id not in known]
        for one in unknown:
            await self._queue.send(one.run_id, 0 if one.owner is None else TAKEN_OVER)
        await self._queue.forget_stalled()
        return Swept(tuple(one.run_id for one in unknown), own)

    async def _free(self, waiting: list[Waiting]) -> list[Waiting]:
        owners = {one.owner for one in waiting if one.owner is not None}
        alive = {owner for owner in owners if await self._process.alive(owner)}
        return [one for one in waiting if one.owner not in alive]
