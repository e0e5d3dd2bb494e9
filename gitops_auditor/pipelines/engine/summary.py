"""What is said of a run that is over. Pure."""

from collections import Counter
from datetime import datetime

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.engine.memory import Memory
from gitops_auditor.pipelines.engine.record import RunEnd, RunIdentity
from gitops_auditor.pipelines.ordering import Arrangement
from gitops_auditor.pipelines.states import RunState, damage


def end_of(
    run: RunIdentity, arrangement: Arrangement, state: RunState, memory: Memory, now: datetime
) -> RunEnd:
    """The end of a run whose state is final.

    `queue_seconds` is how long it waited for its start, `duration_seconds` how long it was carried
    out, without the time in which nobody did.
    """
    metrics: dict[str, JsonValue] = {
        "duration_seconds": round(memory.elapsed, 3),
        "queue_seconds": max(round((run.started_at - run.created_at).total_seconds(), 3), 0.0),
        "jobs": {**Counter(str(one.status) for one in state.jobs.values())},
        "cpu_seconds": round(memory.cpu_seconds, 3),
        "peak_memory_bytes": memory.peak_memory_bytes,
    }
    failure = state.failure if state.status == "failed" else None
    return RunEnd(failure, _reason(arrangement, state), metrics, now)


def _reason(arrangement: Arrangement, state: RunState) -> str:
    if state.status == "cancelled":
        return "It was cancelled."
    if state.status != "failed":
        return ""
    if state.is_late:
        return "It exceeded its timeout."
    first = next(damage(arrangement, state), None)
    return "" if first is None else f"{first}: {state.jobs[first].reason}"
