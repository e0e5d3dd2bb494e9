"""Follows the logs of a run while it runs: each piece as it is written, until the run is over."""

import time
from collections.abc import AsyncGenerator
from typing import Final

from gitops_auditor.pipelines.log_reading import LogReader, LogText, at_attempt, job_meant
from gitops_auditor.pipelines.records import JobRun, Run
from gitops_auditor.pipelines.runs import Runs
from gitops_auditor.storage.database import Database

LOOK_SECONDS: Final = 0.03
"""How soon something is seen that was written into a log; no commit tells of it."""
GROWING_SECONDS: Final = 0.01
"""The same while a log grows: not at once, so that what grows fast is sent in large pieces."""
REFRESH_SECONDS: Final = 1.0
PIECE_BYTES: Final = 128 * 1024
"""As JSON it stays below 1 MiB, the largest message that clients of WebSockets commonly take."""

Attempt = tuple[str, int]


class LogFollower:
    """Reads logs as they grow."""

    def __init__(self, database: Database, runs: Runs, reader: LogReader) -> None:
        self._database = database
        self._runs = runs
        self._reader = reader

    async def follow(
        self, run_id: str, job: str | None = None, attempt: int = 1, offset: int = 0
    ) -> AsyncGenerator[LogText]:
        """Every piece of the logs of a run, of all jobs or of one, until the run is over.

        `attempt` and `offset` are where to begin in the log of that one job, for a reader that
        comes back. The pieces of a job come in order, attempt by attempt. Raises NotFound.
        """
        run, seen, refreshed = await self._runs.get(run_id), -1, time.monotonic()
        meant = None if job is None else job_meant(run, job).job
        offsets = {} if meant is None else {(meant, attempt): offset}
        done: set[Attempt] = set()
        while True:
            version, pause = self._database.changes.version, LOOK_SECONDS
            for one in _attempts(run, meant, attempt):
                async for piece in self._pieces(run, one, offsets, done):
                    pause = GROWING_SECONDS
                    yield piece
            if run.finished:
                return
            version = await self._database.changes.wait(version, pause)
            if version != seen or time.monotonic() - refreshed > REFRESH_SECONDS:
                seen, refreshed = version, time.monotonic()
                run = await self._runs.get(run_id)

    async def _pieces(
        self, run: Run, job: JobRun, offsets: dict[Attempt, int], done: set[Attempt]
    ) -> AsyncGenerator[LogText]:
        key = (job.job, job.attempt)
        while key not in done:
            piece = await self._reader.part(run.id, job, offsets.get(key, 0), PIECE_BYTES)
            offsets[key] = piece.next_offset
            if piece.complete:
                done.add(key)
            if piece.text or piece.complete:
                yield piece
            if piece.next_offset - piece.offset < PIECE_BYTES // 2:
                return


def _attempts(run: Run, name: str | None, first: int) -> list[JobRun]:
    """Each attempt that was begun, of all jobs or from the first that is wanted of one."""
    return [
        at_attempt(job, number)
        for job in run.jobs
        if name in (None, job.job)
        for number in range(first, job.attempt + 1)
    ]
