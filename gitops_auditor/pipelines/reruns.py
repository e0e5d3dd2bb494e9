"""Where a run starts that repeats another one: what is kept, and what runs again. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from gitops_auditor.errors import Conflict, NotFound
from gitops_auditor.pipelines.ordering import Arrangement
from gitops_auditor.pipelines.states import JobState, RunState, initial

KEPT: Final = "It succeeded in the run that this one repeats."


@dataclass(frozen=True, slots=True)
class Everything:
    """All jobs run again."""


@dataclass(frozen=True, slots=True)
class OnlyFailed:
    """What did not succeed runs again, and everything downstream of it."""


@dataclass(frozen=True, slots=True)
class FromJob:
    """The job runs again, by its id or, for all combinations of its matrix, as `stage/name`.

    So does everything downstream of it and what did not succeed elsewhere.
    """

    job: str


RerunScope = Everything | OnlyFailed | FromJob


def rerun_state(arrangement: Arrangement, previous: RunState, scope: RerunScope) -> RunState:
    """The state in which a run begins that repeats `previous`, which had the same definition.

    Of `previous` the statuses of the run and of its jobs are looked at, their reasons, and the
    failure kind of the run.
    Jobs that are kept are over already: those that succeeded, and those that were skipped for a
    reason that nothing which runs again can change. No kept job is downstream of one that runs
    again. A kept job has no attempts in the new run, so for each of `kept_jobs` the caller copies
    the outputs and lists the artifacts of the run before; files that it left in the checkout are
    not there, unless a cache or an artifact brings them.

    Raises Conflict when the run is not over or had other jobs and, with OnlyFailed, when it
    succeeded or has nothing to repeat; NotFound for a job that is not there.
    """
    if isinstance(scope, Everything):
        return initial(arrangement)
    _require_repeatable(arrangement, previous)
    seeds = set(_unsuccessful(arrangement, previous))
    if isinstance(scope, FromJob):
        seeds |= set(_named(arrangement, scope.job))
    elif previous.status == "success" or not seeds:
        hint = "Run all of it again, or from a job on."
        raise Conflict("Nothing failed in that run: every job that ran succeeded.", hint=hint)
    again = {
        name for name in arrangement.jobs if name in seeds or seeds & _before(arrangement, name)
    }
    return RunState(
        {
            name: JobState() if name in again else _kept(previous.jobs[name])
            for name in arrangement.jobs
        }
    )


def kept_jobs(state: RunState) -> tuple[str, ...]:
    """The jobs of a run that succeeded in the run which it repeats, and did not run in it."""
    return tuple(
        name for name, one in state.jobs.items() if one.status == "success" and not one.attempt
    )


def _require_repeatable(arrangement: Arrangement, previous: RunState) -> None:
    if not previous.is_final:
        hint = "Wait until it is over, or cancel it."
        raise Conflict(f"The run is {previous.status}: it cannot be repeated in part.", hint=hint)
    if previous.jobs.keys() != arrangement.jobs.keys():
        message = "The run had other jobs than the definition has now."
        raise Conflict(message, hint="Run all of it again.")


def _unsuccessful(arrangement: Arrangement, previous: RunState) -> Iterator[str]:
    # A state that was read back from what is kept of a run says only that it failed by time-out.
    is_late = previous.is_late or previous.failure == "timeout"
    for name, one in previous.jobs.items():
        if one.status in ("failed", "cancelled"):
            yield name
        elif is_late and (one.status == "skipped" or _asks_status(arrangement, name)):
            # Exceeding the time of the run counts as a failure, and no job shows it.
            yield name


def _asks_status(arrangement: Arrangement, name: str) -> bool:
    job = arrangement.jobs[name]
    stage = arrangement.stages[job.stage]
    conditions = [one for one in (job.condition, stage.condition) if one is not None]
    return stage.gate == "failure" or any(one.asks_status for one in conditions)


def _named(arrangement: Arrangement, wanted: str) -> list[str]:
    if wanted in arrangement.jobs:
        return [wanted]
    found = [
        name for name, one in arrangement.jobs.items() if f"{one.stage}/{one.job.name}" == wanted
    ]
    if not found:
        near = get_close_matches(wanted, arrangement.jobs, 1)
        hint = f"Did you mean {near[0]!r}?" if near else "Take the id of a job of the run."
        raise NotFound(f"The run has no job {wanted!r}.", hint=hint)
    return found


def _before(arrangement: Arrangement, name: str) -> frozenset[str]:
    """Every job that is over before this one starts."""
    job = arrangement.jobs[name]
    stages = arrangement.stages[job.stage].before
    return job.upstream.union(*(arrangement.stages[one].jobs for one in stages))


def _kept(known: JobState) -> JobState:
    is_success = known.status == "success"
    return JobState(known.status, reason=KEPT if is_success else known.reason)
