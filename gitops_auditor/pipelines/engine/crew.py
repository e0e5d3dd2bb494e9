"""The attempts of one run that this process carries out, each a task with an owner who ends it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import anyio

from gitops_auditor.errors import GitOpsError
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.inbox import AttemptEnded, Inbox
from gitops_auditor.pipelines.engine.ports import FaultPoint, GrowingLog, LogStore
from gitops_auditor.pipelines.handlers import Attempt, AttemptLog, JobHandler, Outcome
from gitops_auditor.pipelines.models import JobKind

SPARE_SECONDS: Final = 5.0
"""How much longer than its time-out and grace an attempt may take to come to an end."""
LOG_SECONDS: Final = 30.0

Why = Literal["cancelled", "unwanted", "handed over", "overdue", "given up"]

_log = get_logger("pipelines")


@dataclass(frozen=True, slots=True)
class Start:
    """What it takes to start an attempt. `make` builds it around its log."""

    run_id: str
    job: str
    number: int
    cookie: str
    kind: JobKind
    timeout: float
    make: Callable[[AttemptLog], Attempt]


@dataclass(slots=True)
class Running:
    """An attempt that runs. Times are of the run's clock; `told` is the log size last told of."""

    start: Start
    deadline: float
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    task: asyncio.Task[None] | None = None
    log: GrowingLog | None = None
    why: Why | None = None
    told: int = 0


class Crew:
    """Starts handlers and ends them. What becomes of each is reported to the inbox once."""

    def __init__(
        self,
        handlers: Mapping[JobKind, JobHandler],
        logs: LogStore,
        inbox: Inbox,
        grace: float,
        fault: FaultPoint,
    ) -> None:
        self.running: dict[str, Running] = {}
        self._handlers = handlers
        self._logs = logs
        self._inbox = inbox
        self._patience = grace + SPARE_SECONDS
        self._fault = fault

    def start(self, start: Start, now: float) -> None:
        """Let the handler of its kind carry the attempt out."""
        running = Running(start, now + start.timeout + self._patience)
        self.running[start.job] = running
        # Not a task group: a handler that will not end must not keep the run from ending.
        running.task = asyncio.create_task(self._attend(running), name=f"attempt {start.job}")

    def end(self, running: Running, why: Why, now: float) -> None:
        """Tell an attempt to end; it has so long as it would have after its time-out."""
        if running.why is None:
            running.why = why
            running.deadline = now + self._patience
            running.scope.cancel()

    def end_all(self, why: Why, now: float) -> None:
        """Tell every attempt to end."""
        for running in self.running.values():
            self.end(running, why, now)

    def check(self, now: float) -> list[Running]:
        """End what is overdue. Returns what did not end in spite of that: it is let go of."""
        late = [one for one in self.running.values() if now >= one.deadline]
        for running in late:
            if running.why is not None:
                self._let_go(running)
            self.end(running, "overdue", now)
        return [one for one in late if one.why == "given up"]

    def following(self) -> float | None:
        """When `check` has something to do next."""
        return min((one.deadline for one in self.running.values()), default=None)

    def grown(self) -> dict[str, tuple[int, int]]:
        """The attempt and size of each log that grew since `told`."""
        return {
            job: (one.start.number, one.log.size)
            for job, one in self.running.items()
            if one.log is not None and one.log.size > one.told
        }

    def told(self, logs: Mapping[str, tuple[int, int]]) -> None:
        """These sizes were told of."""
        for job, (number, size) in logs.items():
            running = self.running.get(job)
            if running is not None and running.start.number == number:
                running.told = size

    def take(self, report: AttemptEnded) -> Running | None:
        """Who that was; None for one that was let go of before."""
        running = self.running.get(report.job)
        if running is None or running.start.number != report.number:
            return None
        return self.running.pop(report.job)

    def _let_go(self, running: Running) -> None:
        running.why = "given up"
        if running.task is not None:
            running.task.cancel()
        reason = "It did not end when it was told to."
        number = running.start.number
        report = AttemptEnded(running.start.job, number, Outcome("errored", reason), 0)
        self._inbox.put(report)

    async def _attend(self, running: Running) -> None:
        outcome: Outcome | None = Outcome("errored", "It was ended from outside.")
        try:
            outcome = await self._carried_out(running)
        finally:
            outcome, size = await _with_log(outcome, running)
            self._fault("attempt.after")
            self._inbox.put(AttemptEnded(running.start.job, running.start.number, outcome, size))

    async def _carried_out(self, running: Running) -> Outcome | None:
        start, outcome = running.start, None
        handler = self._handlers.get(start.kind)
        if handler is None:
            return Outcome("errored", f"Nothing here runs jobs of the kind {start.kind}.")
        try:
            with running.scope:
                running.log = await self._logs.open(start.run_id, start.job, start.number)
                self._fault("attempt.before")
                outcome = await handler.run(start.make(running.log))
        except Exception as error:  # noqa: BLE001 - the top of a task: nobody above could answer
            return _explained(error, running)
        if outcome is None and running.why == "overdue":
            return Outcome("errored", "It did not end when its time was over.")
        return outcome


async def _with_log(outcome: Outcome | None, running: Running) -> tuple[Outcome | None, int]:
    """The outcome, and the size of the log; a log that is not whole is a failure."""
    log = running.log
    if log is None:
        return outcome, 0
    try:
        with anyio.fail_after(LOG_SECONDS, shield=True):
            return outcome, await log.close()
    except (TimeoutError, GitOpsError) as error:
        return _explained(error, running), log.size


def _explained(error: Exception, running: Running) -> Outcome:
    if isinstance(error, GitOpsError):
        return Outcome("errored", str(error))
    _log.error(
        "a job failed by an internal fault",
        run=running.start.run_id,
        job=running.start.job,
        exc_info=error,
    )
    return Outcome("errored", f"An internal fault ended it ({type(error).__name__}); see the log.")
