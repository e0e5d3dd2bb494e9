"""Explains a failed run in one answer: the job, the cause, the place, the lines that matter."""

from typing import Final

from gitops_auditor.errors import Conflict
from gitops_auditor.pipelines.failures.models import Explanation, Location
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.log_reading import job_meant
from gitops_auditor.pipelines.logs import Logs
from gitops_auditor.pipelines.records import JobRun, Record, Run
from gitops_auditor.pipelines.runs import Runs
from gitops_auditor.pipelines.states import RunStatus

HEAD_BYTES: Final = 128 * 1024
TAIL_BYTES: Final = 384 * 1024


class Place(Record):
    """A line of a file of the repository. `line` and `column` are 1-based, 0 when unknown."""

    file: str
    line: int
    column: int
    message: str


class NextCall(Record):
    """An operation that is likely to help, and the job to call it with."""

    operation: str
    run_id: str
    job: str | None = None
    why: str


class FailureExplanation(Record):
    """Why a job failed. `excerpt` holds lines of its log, without colours.

    `job` is empty and `attempt` 0 when no job made the run fail, such as before the first began.
    """

    run_id: str
    status: RunStatus
    job: str
    attempt: int
    failure_kind: FailureKind | None
    cause: str
    locations: list[Place]
    excerpt: str
    suggestion: str
    other_failures: list[str]
    next_call: NextCall


class Explainer:
    """Reads the log of what failed and says what it comes to."""

    def __init__(self, runs: Runs, logs: Logs) -> None:
        self._runs = runs
        self._logs = logs

    async def explain(self, run_id: str, job: str | None, token_budget: int) -> FailureExplanation:
        """Explain the first failure of a run, or that of one job.

        Raises NotFound, and Conflict when nothing has failed.
        """
        # Loaded by the first question: a reader for each tool comes with it.
        from gitops_auditor.pipelines.failures.explaining import explain  # noqa: PLC0415

        run = await self._runs.get(run_id)
        failed = _failures(run)
        if job is None and run.status == "failed" and all(one.tolerated for one in failed):
            return _of_the_run(run)
        if not failed and job is None:
            raise Conflict(
                f"Run {run.run_number} has no failed job: it is {run.status}.",
                hint="Name a job to read what it wrote.",
            )
        meant = job_meant(run, job or failed[0].job)
        log = await self._log(run.id, meant)
        found = explain(
            log, exit_code=meant.exit_code, reason=meant.reason, token_budget=token_budget
        )
        return _shown(run, meant, found, [one.job for one in failed if one.job != meant.job])

    async def _log(self, run_id: str, job: JobRun) -> bytes:
        """The beginning and the end of the log: what lies between says nothing of the end."""
        if not job.attempt:
            return b""
        tail = await self._logs.read(run_id, job.job, job.attempt, -TAIL_BYTES, TAIL_BYTES)
        if not tail.offset:
            return tail.data
        head = await self._logs.read(run_id, job.job, job.attempt, 0, min(HEAD_BYTES, tail.offset))
        return head.data + b"\n[...]\n" + tail.data


def _failures(run: Run) -> list[JobRun]:
    """The failed jobs, first those that were not allowed to, then in the order in which they ended.

    The first may have caused the others.
    """
    failed = [job for job in run.jobs if job.status == "failed"]
    return sorted(failed, key=lambda job: (job.tolerated, job.completed_at or run.created_at))


def _of_the_run(run: Run) -> FailureExplanation:
    """The explanation of a run that no job made fail, as the run itself has it."""
    why = "No job made it fail: repeat it when the cause is gone."
    return FailureExplanation(
        run_id=run.id,
        status=run.status,
        job="",
        attempt=0,
        failure_kind=run.failure_kind,
        cause=run.reason,
        locations=[],
        excerpt="",
        suggestion="Correct what the cause names, then start the pipeline again.",
        other_failures=[],
        next_call=NextCall(operation="rerun_pipeline", run_id=run.id, why=why),
    )


def _shown(run: Run, job: JobRun, found: Explanation, others: list[str]) -> FailureExplanation:
    return FailureExplanation(
        run_id=run.id,
        status=run.status,
        job=job.job,
        attempt=job.attempt,
        failure_kind=job.failure_kind,
        cause=found.cause,
        locations=[_place(one) for one in found.locations],
        excerpt=found.excerpt,
        suggestion=found.suggestion,
        other_failures=others,
        next_call=_next(run, job),
    )


def _place(found: Location) -> Place:
    return Place(
        file=found.file, line=found.line or 0, column=found.column or 0, message=found.message
    )


def _next(run: Run, job: JobRun) -> NextCall:
    if job.failure_kind in ("errored", "lost", "timeout"):
        why = "The work itself did not say no: repeating it may be enough."
        return NextCall(operation="rerun_pipeline", run_id=run.id, job=None, why=why)
    why = "Correct the cause, then start the pipeline again; the whole log is here."
    return NextCall(operation="read_run_log", run_id=run.id, job=job.job, why=why)
