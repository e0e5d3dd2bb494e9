"""Follows the logs of a run while it runs: each piece as it is written, until the run is over."""

import time
from collections.abc import AsyncGenerator
from typing import Final

from gitops_auditor.pipelines.log_reading import LogReader, LogText
from gitops_auditor.pipelines.records import JobRun, Run
from gitops_auditor.pipelines.runs import Runs
from gitops_auditor.storage.database import Database

LOOK_SECONDS: Final = 0.03
"""How soon something is seen that was written into a log; no commit tells of it."""
REFRESH_SECONDS: Final = 1.0
PIECE_BYTES: Final = 256 * 1024

Attempt = tuple[str, int]


class LogFollower:
    """Reads logs as they grow."""

    def __init__(self, database: Database, runs: Runs, reader: LogReader) -> None:
        self._database = database
        self._runs = runs
        self._reader = reader

    async def follow(
        self, run_id: str, job: str | None = None, offset: int = 0
    ) -> AsyncGenerator[LogText]:
        """Every piece of the logs of a run, of all jobs or of one, until the run is over.

        `offset` is where to begin in the log of that one job. Pieces of one job come in order;
        those of attempts that another process began before are read as well. Raises NotFound.
        """
        offsets: dict[Attempt, int] = {}
        done: set[Attempt] = set()
        run, seen = await self._runs.get(run_id), -1
        refreshed = time.monotonic()
        while True:
            grew = False
            for meant in _started(run, job):
                key = (meant.job, meant.attempt)
                offsets.setdefault(key, offset if job else 0)
                async for piece in self._pieces(run, meant, offsets, done):
                    grew = True
                    yield piece
            if run.finished and not grew:
                return
            version = self._database.changes.version
            if not grew:
                version = await self._database.changes.wait(version, LOOK_SECONDS)
            if version != seen or time.monotonic() - refreshed > REFRESH_SECONDS:
                seen, refreshed = version, time.monotonic()
                run = await self._runs.get(run_id)

    async def _pieces(
        self, run: Run, job: JobRun, offsets: dict[Attempt, int], done: set[Attempt]
    ) -> AsyncGenerator[LogText]:
        key = (job.job, job.attempt)
        while key not in done:
            piece = await self._reader.part(run.id, job, offsets[key], PIECE_BYTES)
            offsets[key] = piece.next_offset
            if piece.complete:
                done.add(key)
            if not (piece.text or piece.complete):
                return
            yield piece


def _started(run: Run, name: str | None) -> list[JobRun]:
    return [
        job
        for job in run.jobs
        if job.attempt and name in (None, job.job, job.job.rpartition("/")[2])
    ]
