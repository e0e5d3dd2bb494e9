"""What the engine has to know of a run beside its jobs, and how that is kept as JSON. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.ordering import Arrangement
from gitops_auditor.pipelines.states import JobState, RunState, RunStatus


@dataclass(slots=True)
class Memory:
    """Times are in seconds of the run, see RunClock.

    `entered` is when a stage began, `due` when a job may be tried again, `asked` when an approval
    was asked for. `handed_over` counts, of the starts of a job that were lost, those that ended
    because a process was told to stop. `saves` numbers what was written to the journal.
    """

    elapsed: float = 0.0
    entered: dict[str, float] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    handed_over: dict[str, int] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    saves: int = 0


def to_json(state: RunState, memory: Memory) -> dict[str, JsonValue]:
    """What `state_from` and `memory_from` need beside the rows of the run and its jobs."""
    waiting = [
        name
        for name in state.admitted
        if state.jobs[name].attempt == 0 and not state.jobs[name].is_final
    ]
    return {
        "broken": [*state.broken],
        "entered": [*sorted(state.entered)],
        "admitted": [*sorted(waiting)],
        "late_stages": [*sorted(state.late_stages)],
        "cancelled": state.is_cancelled,
        "late": state.is_late,
        "elapsed": round(memory.elapsed, 3),
        "began": dict(memory.entered),
        "due": dict(memory.due),
        "asked": dict(memory.asked),
        "handed_over": dict(memory.handed_over),
        "cpu_seconds": round(memory.cpu_seconds, 3),
        "peak_memory_bytes": memory.peak_memory_bytes,
        "saves": memory.saves,
    }


def memory_from(kept: Mapping[str, Any]) -> Memory:
    """The memory as it was kept; that of a run in which nothing has happened is empty."""
    return Memory(
        elapsed=kept.get("elapsed", 0.0),
        entered=dict(kept.get("began", {})),
        due=dict(kept.get("due", {})),
        asked=dict(kept.get("asked", {})),
        handed_over=dict(kept.get("handed_over", {})),
        cpu_seconds=kept.get("cpu_seconds", 0.0),
        peak_memory_bytes=kept.get("peak_memory_bytes", 0),
        saves=kept.get("saves", 0),
    )


def state_from(
    arrangement: Arrangement,
    kept: Mapping[str, Any],
    jobs: Mapping[str, JobState],
    status: RunStatus,
    failure: FailureKind | None,
) -> RunState:
    """The state of a run as it was saved. Jobs without a row are pending."""
    late = bool(kept.get("late", False))
    known = {name: jobs.get(name, JobState()) for name in arrangement.jobs}
    # Whatever was started had been admitted; what is kept is who still waits for a first start.
    started = () if late else (name for name, one in known.items() if one.attempt)
    return RunState(
        jobs=known,
        status=status,
        failure=failure,
        broken=tuple(kept.get("broken", ())),
        entered=frozenset(kept.get("entered", ())),
        admitted=frozenset(kept.get("admitted", ())).union(started),
        late_stages=frozenset(kept.get("late_stages", ())),
        is_cancelled=bool(kept.get("cancelled", False)),
        is_late=late,
    )
