"""Reads the logs of runs as text."""

from gitops_auditor.errors import NotFound
from gitops_auditor.pipelines.logs import LogPiece, Logs
from gitops_auditor.pipelines.records import JobRun, Record, Run
from gitops_auditor.pipelines.runs import Runs


class LogText(Record):
    """A part of a log. Offsets and `size` are in bytes; `complete` means that no more will come.

    Reading goes on at `next_offset`. Bytes that are no UTF-8 are replaced.
    """

    run_id: str
    job: str
    attempt: int
    text: str
    offset: int
    next_offset: int
    size: int
    complete: bool


class LogReader:
    """Finds the log that is meant and reads a part of it."""

    def __init__(self, runs: Runs, logs: Logs) -> None:
        self._runs = runs
        self._logs = logs

    async def read(
        self, run_id: str, job: str | None, attempt: int | None, offset: int | None, limit: int
    ) -> LogText:
        """A part of the log of a job: from `offset`, or its end.

        Without a job it is that of the first that failed, else of the last that started. Raises
        NotFound for the run, the job and the attempt.
        """
        run = await self._runs.get(run_id)
        meant = job_meant(run, job)
        number = _attempt(meant, attempt)
        return await self.part(
            run_id, at_attempt(meant, number), -limit if offset is None else offset, limit
        )

    async def part(self, run_id: str, job: JobRun, offset: int, limit: int) -> LogText:
        """A part of the log of the last attempt of a job; a negative offset counts from the end."""
        piece = await self._logs.read(run_id, job.job, job.attempt, offset, limit)
        if offset < 0 < piece.offset:
            piece = _from_a_character(piece)
        over = job.status not in ("pending", "running")
        return _text(run_id, job.job, job.attempt, piece, over=over)


def job_meant(run: Run, name: str | None) -> JobRun:
    """The job of this name or, without one, the one that a reader looks for. Raises NotFound."""
    jobs = run.jobs
    if name is not None:
        found = [one for one in jobs if name in (one.job, one.job.rpartition("/")[2])]
        if len(found) != 1:
            known = ", ".join(one.job for one in jobs[:20])
            raise NotFound(f"Run {run.id} has no job {name[:200]!r}.", hint=f"Its jobs: {known}.")
        return found[0]
    started = [one for one in jobs if one.attempt]
    failed = [one for one in started if one.status == "failed"]
    if not started:
        raise NotFound(f"No job of run {run.id} has started.", hint="Wait for it to start.")
    return failed[0] if failed else started[-1]


def at_attempt(job: JobRun, attempt: int) -> JobRun:
    """The job as it is, or as it was when an earlier attempt of it had ended."""
    if attempt == job.attempt:
        return job
    return job.model_copy(update={"attempt": attempt, "status": "failed"})


def _attempt(job: JobRun, wanted: int | None) -> int:
    number = job.attempt if wanted is None else wanted
    if not 1 <= number <= job.attempt:
        raise NotFound(
            f"{job.job} has no attempt {number}.", hint=f"It was started {job.attempt} times."
        )
    return number


def _text(run_id: str, job: str, attempt: int, piece: LogPiece, *, over: bool) -> LogText:
    data = piece.data
    if piece.next_offset < piece.size or not over:
        data = data[: _whole_characters(data)]
    end = piece.offset + len(data)
    return LogText(
        run_id=run_id,
        job=job,
        attempt=attempt,
        text=data.decode("utf-8", "replace"),
        offset=piece.offset,
        next_offset=end,
        size=piece.size,
        complete=over and end == piece.size,
    )


def _from_a_character(piece: LogPiece) -> LogPiece:
    """The piece without what belongs to a character of UTF-8 that begins before it."""
    cut = next((at for at, byte in enumerate(piece.data[:4]) if byte & 0xC0 != 0x80), 0)
    return piece._replace(data=piece.data[cut:], offset=piece.offset + cut)


def _whole_characters(data: bytes) -> int:
    """The length without a character of UTF-8 (RFC 3629, section 3) that is cut at the end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if needed > back else len(data)
    return len(data)
