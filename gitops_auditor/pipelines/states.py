"""The state of a run, and how what happens changes it. Pure: the same events give the same state.

Words of a run: pending, running, success, failed, cancelled; a job can also be skipped. What is
over stays as it is: a late or repeated report changes nothing.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from gitops_auditor.errors import Conflict
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.ordering import Arrangement

RunStatus = Literal["pending", "running", "success", "failed", "cancelled"]
JobStatus = Literal["pending", "running", "success", "failed", "cancelled", "skipped"]
FINAL: Final = frozenset({"success", "failed", "cancelled", "skipped"})
MAX_LOST: Final = 3
"""A job that so many processes died with is taken to be what kills them."""


@dataclass(frozen=True, slots=True)
class JobState:
    """One job of a run. `attempt` counts starts, `lost` those that died with their process.

    `wait` is how many seconds the next attempt has to wait. `failure` says how the last attempt
    ended, `reason` why the job was skipped or how it failed.
    """

    status: JobStatus = "pending"
    attempt: int = 0
    lost: int = 0
    wait: int = 0
    failure: FailureKind | None = None
    reason: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class RunState:
    """A whole run. `broken` are the jobs that failed without being allowed to, in that order.

    `entered` are stages and `admitted` jobs whose conditions have held; they are not asked again.
    """

    jobs: Mapping[str, JobState]
    status: RunStatus = "pending"
    failure: FailureKind | None = None
    broken: tuple[str, ...] = ()
    entered: frozenset[str] = field(default_factory=frozenset)
    admitted: frozenset[str] = field(default_factory=frozenset)
    late_stages: frozenset[str] = field(default_factory=frozenset)
    is_cancelled: bool = False
    is_late: bool = False

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt of a job was claimed and begins."""

    job: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt ended; with `failure` when it was no success."""

    job: str
    attempt: int
    failure: FailureKind | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody wants the run to end: nothing starts any more."""


@dataclass(frozen=True, slots=True)
class RunTimedOut:
    """The time of the whole run is up: only what runs after failures still starts."""


@dataclass(frozen=True, slots=True)
class StageTimedOut:
    """The time of one stage is up: what has not started there fails."""

    stage: str


Event = Started | Finished | CancelRequested | RunTimedOut | StageTimedOut


class InvalidTransition(Conflict):
    """An attempt was started that the state does not allow to start."""


def initial(arrangement: Arrangement) -> RunState:
    """A run in which nothing has happened."""
    return RunState({name: JobState() for name in arrangement.jobs})


def apply(arrangement: Arrangement, state: RunState, event: Event) -> RunState:
    """The state after an event.

    Ignores what is reported of an attempt that is over. Raises InvalidTransition when something
    starts that may not: twice, without being ready, or after the run was cancelled.
    """
    if state.is_final and not isinstance(event, Started):
        return state
    match event:
        case Started():
            return _started(state, event)
        case Finished():
            return _finished(arrangement, state, event)
        case CancelRequested():
            return conclude(arrangement, _cancelled(state))
        case RunTimedOut():
            return conclude(arrangement, _late(arrangement, state))
        case StageTimedOut():
            return conclude(arrangement, _stage_late(arrangement, state, event.stage))


def damage(arrangement: Arrangement, state: RunState) -> Iterator[str]:
    """The broken jobs that fail the run: those of stages that are not allowed to fail."""
    for name in state.broken:
        if not arrangement.stages[arrangement.jobs[name].stage].stage.allow_failure:
            yield name


def close(
    arrangement: Arrangement, state: RunState, job: str, status: JobStatus,
    *, failure: FailureKind | None = None, reason: str = "",
) -> RunState:  # fmt: skip
    """The state with one job over."""
    known = state.jobs[job]
    changed = replace(known, status=status, failure=failure, reason=reason, wait=0)
    is_broken = status == "failed" and not arrangement.jobs[job].job.allow_failure
    broken = (*state.broken, job) if is_broken else state.broken
    return replace(state, jobs={**state.jobs, job: changed}, broken=broken)


def unwanted(arrangement: Arrangement, state: RunState) -> frozenset[str]:
    """The running jobs to end, because their matrix fails fast and a combination of it failed."""
    return frozenset(
        name
        for broken in state.broken
        for name in _others(arrangement, broken)
        if state.jobs[name].status == "running"
    )


def stage_status(jobs: Mapping[str, JobStatus], broken: Collection[str]) -> JobStatus:
    """What the jobs of a stage amount to. Of failures only those in `broken` count."""
    statuses = set(jobs.values())
    if statuses == {"pending"}:
        return "pending"
    if statuses & {"pending", "running"}:
        return "running"
    if any(one in broken for one in jobs):
        return "failed"
    if "cancelled" in statuses:
        return "cancelled"
    return "skipped" if statuses == {"skipped"} else "success"


def conclude(arrangement: Arrangement, state: RunState) -> RunState:
    """The run with its final status when every job is over, else unchanged."""
    if state.is_final or any(one.status not in FINAL for one in state.jobs.values()):
        return state
    if state.is_cancelled:
        return replace(state, status="cancelled")
    first = next(damage(arrangement, state), None)
    if state.is_late:
        return replace(state, status="failed", failure="timeout")
    if first is not None:
        return replace(state, status="failed", failure=state.jobs[first].failure)
    return replace(state, status="success")


def _started(state: RunState, event: Started) -> RunState:
    known = state.jobs[event.job]
    is_next = known.status == "pending" and event.attempt == known.attempt + 1
    if not is_next or event.job not in state.admitted:
        raise InvalidTransition(
            f"Attempt {event.attempt} of {event.job} cannot start: the job is {known.status} after "
            f"{known.attempt} attempts, in a run that is {state.status}.",
            hint="Read the state again; start only what is ready in it.",
        )
    running = replace(known, status="running", attempt=event.attempt, wait=0, failure=None)
    return replace(state, status="running", jobs={**state.jobs, event.job: running})


def _finished(arrangement: Arrangement, state: RunState, event: Finished) -> RunState:
    known = state.jobs[event.job]
    if known.status != "running" or known.attempt != event.attempt:
        return state
    if event.failure is None:
        return conclude(arrangement, close(arrangement, state, event.job, "success"))
    is_ended = state.is_cancelled or event.job in unwanted(arrangement, state)
    again = None if is_ended else _retried(arrangement, state, event)
    if again is not None:
        return replace(state, jobs={**state.jobs, event.job: again})
    status: JobStatus = "cancelled" if is_ended else "failed"
    ended = close(arrangement, state, event.job, status, failure=event.failure, reason=event.reason)
    return conclude(arrangement, _failed_fast(arrangement, ended, event.job))


def _others(arrangement: Arrangement, job: str) -> Iterator[str]:
    """The other combinations of a job whose matrix fails fast."""
    spec = arrangement.jobs[job]
    if spec.job.matrix is not None and spec.job.matrix.fail_fast:
        for name in arrangement.stages[spec.stage].jobs:
            if name != job and arrangement.jobs[name].job.name == spec.job.name:
                yield name


def _failed_fast(arrangement: Arrangement, state: RunState, job: str) -> RunState:
    """What has not started of a matrix that fails fast is over when one of it is broken."""
    if job not in state.broken:
        return state
    for name in _others(arrangement, job):
        if state.jobs[name].status == "pending":
            reason = f"{job} failed, and its matrix fails fast."
            state = close(arrangement, state, name, "cancelled", reason=reason)
    return state


def _retried(arrangement: Arrangement, state: RunState, event: Finished) -> JobState | None:
    """The job waiting for its next attempt, None when there is to be none."""
    spec, known = arrangement.jobs[event.job], state.jobs[event.job]
    if state.is_late or spec.stage in state.late_stages:
        return None
    waiting = replace(known, status="pending", failure=event.failure, reason=event.reason)
    if event.failure == "lost":
        may_repeat = spec.job.is_repeatable and known.lost + 1 < MAX_LOST
        return replace(waiting, lost=known.lost + 1) if may_repeat else None
    retries = spec.job.retries
    tried = known.attempt - known.lost
    if retries is None or event.failure not in retries.on or tried > retries.limit:
        return None
    return replace(waiting, wait=retries.wait_before(tried))


def _cancelled(state: RunState) -> RunState:
    jobs = {
        name: replace(one, status="cancelled", reason="The run was cancelled.", wait=0)
        if one.status == "pending"
        else one
        for name, one in state.jobs.items()
    }
    return replace(state, jobs=jobs, is_cancelled=True)


def _late(arrangement: Arrangement, state: RunState) -> RunState:
    """What waits for another attempt has failed; what was to start is looked at again."""
    for name, one in state.jobs.items():
        if one.status == "pending" and one.attempt:
            state = close(
                arrangement, state, name, "failed", failure=one.failure, reason=one.reason
            )
    return replace(state, is_late=True, admitted=frozenset())


def _stage_late(arrangement: Arrangement, state: RunState, stage: str) -> RunState:
    reason = f"The stage {stage} exceeded its timeout."
    for name in arrangement.stages[stage].jobs:
        if state.jobs[name].status == "pending":
            state = close(arrangement, state, name, "failed", failure="timeout", reason=reason)
    return replace(state, late_stages=state.late_stages | {stage})
