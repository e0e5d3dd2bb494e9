"""A run between two writes to the journal: what happens is applied here first. No I/O."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from gitops_auditor.errors import JsonValue
from gitops_auditor.execution.supervision.orders import Isolation
from gitops_auditor.pipelines.engine.cleaning import clean
from gitops_auditor.pipelines.engine.record import (
    Change,
    EndedAttempt,
    LoadedRun,
    NewAttempt,
    RunEnd,
)
from gitops_auditor.pipelines.handlers import Outcome
from gitops_auditor.pipelines.scheduling import Ready
from gitops_auditor.pipelines.states import (
    Event,
    Finished,
    JobState,
    JobStatus,
    RunState,
    Started,
    apply,
    unwanted,
)

LOST: Final = "The process that ran it ended."
HANDED_OVER: Final = "The process that ran it was told to stop."
CANCELLED: Final = Outcome("failed", "The run was cancelled.")
UNWANTED: Final = Outcome("failed", "Another combination of its matrix failed.")


class Draft:
    """The present state of a run, and how it differs from what the journal has."""

    def __init__(self, run: LoadedRun) -> None:
        self.arrangement = run.arrangement
        self.state: RunState = run.state
        self.memory = run.memory
        self.facts = dict(run.facts)
        self.isolation = run.isolation
        self.started: list[NewAttempt] = []
        self.ended: list[EndedAttempt] = []
        self.asked: dict[str, str] = {}
        self._saved = run.state

    @property
    def has_changed(self) -> bool:
        """Whether there is something that the journal does not have."""
        return bool(self.started or self.ended or self.state is not self._saved)

    def apply(self, event: Event) -> None:
        """Something happened to the run as a whole."""
        self.state = apply(self.arrangement, self.state, event)

    def start(self, ready: Ready) -> None:
        """An attempt is about to start."""
        now = datetime.now(UTC)
        self.apply(Started(ready.job, ready.attempt))
        self.memory.due.pop(ready.job, None)
        self.memory.entered.setdefault(self.arrangement.jobs[ready.job].stage, self.memory.elapsed)
        known = self.facts[ready.job]
        self.facts[ready.job] = replace(
            known, started_at=known.started_at or now, completed_at=None
        )
        self.started.append(NewAttempt(ready.job, ready.attempt, secrets.token_hex(16), now))

    def ask(self, ready: Ready) -> None:
        """An approval is waited for from now on."""
        self.start(ready)
        approval = self.arrangement.jobs[ready.job].job.approval
        self.asked[ready.job] = approval.message if approval else ""
        self.memory.asked[ready.job] = self.memory.elapsed

    def finish(self, job: str, outcome: Outcome, log_bytes: int = 0) -> None:
        """The running attempt of a job ended."""
        outcome = clean(outcome)
        number = self.state.jobs[job].attempt
        # Being told to stop says nothing against a job: it does not count as dying with it.
        excused = self.memory.handed_over.get(job, 0)
        self._count_lost(job, -excused)
        self.apply(Finished(job, number, outcome.failure, outcome.reason))
        self._count_lost(job, excused)
        if self.state.jobs[job].status == "cancelled":
            self._put(job, replace(self.state.jobs[job], failure=None))
        self._note(job, outcome)
        self._end(job, number, outcome, log_bytes)

    def hand_over(self, job: str) -> None:
        """The running attempt of a job was ended so that another process does it again."""
        known, spec = self.state.jobs[job], self.arrangement.jobs[job]
        is_over = self.state.is_cancelled or self.state.is_late or job in self.unwanted()
        if is_over or spec.stage in self.state.late_stages or not spec.job.is_repeatable:
            self.finish(job, Outcome("lost", HANDED_OVER))
            return
        again = replace(
            known, status="pending", lost=known.lost + 1, failure="lost", reason=HANDED_OVER
        )
        self._put(job, again)
        self.memory.handed_over[job] = self.memory.handed_over.get(job, 0) + 1
        self._end(job, known.attempt, Outcome("lost", HANDED_OVER), 0)

    def unwanted(self) -> frozenset[str]:
        """The running jobs that are to end because another one failed."""
        return unwanted(self.arrangement, self.state)

    def change(
        self,
        *,
        logs: Mapping[str, tuple[int, int]],
        end: RunEnd | None = None,
        released: bool = False,
    ) -> Change:
        """All that the journal does not have yet. Each call is another save."""
        self.memory.saves += 1
        jobs = self.state.jobs
        # What may not be repeated must not be forgotten, whatever happens to the machine.
        risky = any(not self.arrangement.jobs[one.job].job.is_repeatable for one in self.started)
        return Change(
            state=self.state,
            memory=self.memory,
            facts=self.facts,
            isolation=self.isolation,
            jobs=[name for name, one in jobs.items() if one is not self._saved.jobs[name]],
            started=self.started,
            ended=self.ended,
            logs=logs,
            asked=self.asked,
            end=end,
            released=released,
            durable=risky or end is not None or bool(self.asked),
        )

    def saved(self) -> None:
        """The journal has the last change."""
        self._saved = self.state
        self.started, self.ended, self.asked = [], [], {}

    def _put(self, job: str, changed: JobState) -> None:
        self.state = replace(self.state, jobs={**self.state.jobs, job: changed})

    def _count_lost(self, job: str, more: int) -> None:
        known = self.state.jobs[job]
        if more:
            self._put(job, replace(known, lost=known.lost + more))

    def _note(self, job: str, outcome: Outcome) -> None:
        known = self.facts[job]
        outputs = outcome.outputs if outcome.failure is None else known.outputs
        self.facts[job] = replace(known, outputs=outputs, metrics=outcome.metrics)
        memory = self.memory
        memory.cpu_seconds += _number(outcome.metrics.get("cpu_seconds"))
        peak = int(_number(outcome.metrics.get("peak_memory_bytes")))
        memory.peak_memory_bytes = max(memory.peak_memory_bytes, peak)
        self.isolation = weaker(self.isolation, outcome.isolation)

    def _end(self, job: str, number: int, outcome: Outcome, log_bytes: int) -> None:
        now = datetime.now(UTC)
        state = self.state.jobs[job]
        self.memory.asked.pop(job, None)
        if state.is_final:
            self.facts[job] = replace(self.facts[job], completed_at=now)
        else:
            self.memory.due[job] = self.memory.elapsed + state.wait
        status: JobStatus = "success" if outcome.failure is None else "failed"
        if state.status == "cancelled":
            status, outcome = "cancelled", replace(outcome, failure=None)
        self.ended.append(EndedAttempt(job, number, status, outcome, log_bytes, now))


def weaker(first: str | None, second: str | None) -> str | None:
    """The weaker of two isolations; what is not known says nothing."""
    known = [Isolation[one.upper()] for one in (first, second) if one]
    return min(known).name.lower() if known else None


def _number(value: JsonValue) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
