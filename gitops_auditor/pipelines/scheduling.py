"""What a run does next: which jobs are skipped, which may start, and whether it is over. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from gitops_auditor.pipelines.conditions import (
    Condition,
    Scope,
    StatusSoFar,
    Unknown,
    Value,
    evaluate,
    facts_used,
)
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import Arrangement, JobSpec, StageSpec
from gitops_auditor.pipelines.scope import names_for
from gitops_auditor.pipelines.states import FINAL, RunState, close, conclude, damage
from gitops_auditor.pipelines.trigger_models import Event


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions are evaluated with. `exists` looks at the checkout as it is now.

    `outputs` are those of the jobs that succeeded so far, by the id of the job.
    """

    definition: PipelineDefinition
    event: Event
    inputs: Mapping[str, Value]
    exists: Callable[[str], bool | None]
    outputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def scope(self, status: StatusSoFar, stage: StageSpec, job: JobSpec | None = None) -> Scope:
        """The facts as one stage or job sees them."""
        of_job = job.job if job else None
        matrix = job.matrix if job else None
        outputs = {
            f"{one.partition('/')[2]}.{name}": value
            for one, values in self.outputs.items()
            if one.partition("/")[0] in stage.before or (job and one in job.upstream)
            for name, value in values.items()
        }
        names = names_for(
            self.definition, self.event, self.inputs, stage.stage, of_job, matrix, outputs
        )
        return Scope(names, status, self.exists)


class Ready(NamedTuple):
    """An attempt that may start once `wait` seconds have passed."""

    job: str
    attempt: int
    wait: int


class Step(NamedTuple):
    """The state once everything is decided that can be, and what may start in it."""

    state: RunState
    ready: tuple[Ready, ...]


def advance(arrangement: Arrangement, state: RunState, facts: Facts) -> Step:
    """Skip what is not to run, conclude the run when all is over, and list what may start.

    What is listed stays listed until it is started, so asking twice is harmless.
    """
    return _Advance(arrangement, state, facts).step()


class _Advance:
    def __init__(self, arrangement: Arrangement, state: RunState, facts: Facts) -> None:
        self._arrangement = arrangement
        self._state = state
        self._facts = facts
        unfinished = [name for name, one in state.jobs.items() if one.status not in FINAL]
        self._open = Counter(arrangement.jobs[name].stage for name in unfinished)

    def step(self) -> Step:
        if self._state.is_final or self._state.is_cancelled:
            return Step(conclude(self._arrangement, self._state), ())
        ready = [
            Ready(name, self._state.jobs[name].attempt + 1, self._state.jobs[name].wait)
            for stage, names in self._arrangement.order.items()
            if self._open[stage] and not self._waits(stage)
            for name in names
            if self._may_start(name)
        ]
        return Step(conclude(self._arrangement, self._state), tuple(ready))

    def _may_start(self, name: str) -> bool:
        if self._state.jobs[name].status != "pending":
            return False
        if name in self._state.admitted:
            return True
        job = self._arrangement.jobs[name]
        stage = self._arrangement.stages[job.stage]
        waits = (*job.follows, *job.needs)
        if not all(self._state.jobs[one].is_final for one in waits):
            return False
        self._enter(stage)
        if self._state.jobs[name].is_final or not self._passes(job, stage):
            return False
        self._state = replace(self._state, admitted=self._state.admitted | {name})
        return True

    def _waits(self, stage: str) -> bool:
        """Whether a stage before this one is not over."""
        return any(self._open[one] for one in self._arrangement.stages[stage].before)

    def _enter(self, stage: StageSpec) -> None:
        """Decide on the stage when the first of its jobs is reached; a false one ends its jobs."""
        if stage.name in self._state.entered:
            return
        if stage.condition is not None:
            scope = self._facts.scope(self._status(stage), stage)
            self._decide(stage.condition, scope, stage.jobs, f"The stage {stage.name}: ")
        self._state = replace(self._state, entered=self._state.entered | {stage.name})

    def _passes(self, job: JobSpec, stage: StageSpec) -> bool:
        asks = job.condition is not None and job.condition.asks_status
        objection = None if asks else self._objection(job, stage)
        if objection is not None:
            self._close(job.id, objection)
            return False
        if job.condition is None:
            return True
        scope = self._facts.scope(self._status(stage, job), stage, job)
        return self._decide(job.condition, scope, (job.id,), "")

    def _decide(
        self, condition: Condition, scope: Scope, jobs: tuple[str, ...], prefix: str
    ) -> bool:
        """Whether the condition holds; where it does not, the jobs are over."""
        truth = evaluate(condition, scope)
        if isinstance(truth, Unknown):
            reason = f"{prefix}it cannot be told whether `{condition.text}` holds."
            for one in self._pending(jobs):
                self._close(one, reason, "failed")
        elif not truth:
            facts = ", ".join(facts_used(condition, scope))
            because = f": {facts}" if facts else ""
            for one in self._pending(jobs):
                self._close(one, f"{prefix}`{condition.text}` is false{because}.")
        return truth is True

    def _pending(self, jobs: tuple[str, ...]) -> list[str]:
        return [one for one in jobs if self._state.jobs[one].status == "pending"]

    def _close(
        self, job: str, reason: str, status: Literal["skipped", "failed"] = "skipped"
    ) -> None:
        self._state = close(
            self._arrangement,
            self._state,
            job,
            status,
            failure="errored" if status == "failed" else None,
            reason=reason,
        )
        self._open[self._arrangement.jobs[job].stage] -= 1

    def _status(self, stage: StageSpec, job: JobSpec | None = None) -> StatusSoFar:
        blame = self._blame_before(stage) or (self._blame_upstream(job) if job else None)
        return "failed" if blame else "success"

    def _blame_before(self, stage: StageSpec) -> str | None:
        """What went wrong in the stages before, as a sentence."""
        if self._state.is_late:
            return "The run exceeded its timeout."
        if stage.gate == "failure" and self._facts.event.takes_back:
            return "What another run did is taken back."
        for name in damage(self._arrangement, self._state):
            if self._arrangement.jobs[name].stage in stage.before:
                return f"{name} failed."
        return None

    def _blame_upstream(self, job: JobSpec) -> str | None:
        return next((f"{one} failed." for one in self._state.broken if one in job.upstream), None)

    def _objection(self, job: JobSpec, stage: StageSpec) -> str | None:
        """Why a job that does not ask for the status itself is not to run."""
        if stage.gate == "always":
            return None
        if stage.gate == "failure":
            return None if self._blame_before(stage) else "Nothing before it failed."
        stage_asks = stage.condition is not None and stage.condition.asks_status
        before = None if stage_asks else self._blame_before(stage)
        return before or self._blame_upstream(job) or self._missing(job)

    def _missing(self, job: JobSpec) -> str | None:
        for name in job.needs:
            if self._state.jobs[name].status == "skipped":
                return f"It needs {name}, which was skipped."
        return None
