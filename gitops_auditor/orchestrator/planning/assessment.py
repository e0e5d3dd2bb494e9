"""What speaks against each phase, and how long it takes: by the graph, the steps and history."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import Dependency
from gitops_auditor.dependencies.versions.constraint import major
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.planning.estimation import phase_seconds
from gitops_auditor.orchestrator.planning.risk import PhaseFacts, risk_of
from gitops_auditor.orchestrator.planning.selection import wanted
from gitops_auditor.orchestrator.records import PhaseRisk, Rendering, Step
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.orchestrator.store import history as store
from gitops_auditor.storage.database import Database

LATELY: Final = timedelta(days=30)


class History(NamedTuple):
    """Seconds by pipeline, repository and kind of step, and gates that changed their minds."""

    runs: Mapping[str, float]
    validations: Mapping[str, float]
    steps: Mapping[str, float]
    flaky: Mapping[str, set[str]]


class Subject(NamedTuple):
    """A plan before it is one. `pipelines` are the ids of what runs, by repository."""

    request: PlanRequest
    renderings: Mapping[str, Rendering]
    steps: Sequence[Step]
    edges: Sequence[Dependency]
    pipelines: Mapping[str, str]
    no_return: int | None
    workers: int


async def history_of(
    database: Database, repository_ids: Sequence[str], pipeline_ids: Sequence[str]
) -> History:
    """What is known of earlier times."""
    async with database.read() as connection:
        return History(
            await store.run_seconds(connection, pipeline_ids),
            await store.validation_seconds(connection, repository_ids),
            await store.step_seconds(connection),
            await store.flaky_gates(connection, repository_ids, datetime.now(UTC) - LATELY),
        )


class Assessment:
    """Rates and estimates the phases of one plan."""

    def __init__(self, subject: Subject, history: History) -> None:
        self._subject = subject
        self._history = history
        change = subject.request.change
        self._wanted = wanted(change, subject.edges) if isinstance(change, BumpDependency) else []

    def risk(self, number: int, names: Sequence[str]) -> PhaseRisk:
        """How risky a phase is, and why."""
        subject, inside = self._subject, {*names}
        mine = [subject.renderings[name] for name in names]
        needed = [
            edge
            for edge in subject.edges
            if edge.target_repo in inside and edge.source_repo not in inside
        ]
        return risk_of(
            PhaseFacts(
                dependents=[edge.source_repo for edge in needed],
                critical=[
                    (edge.source_repo, edge.target_repo or "")
                    for edge in needed
                    if edge.impact_level == "critical"
                ],
                without_gates=[one.repository_id for one in mine if _has_no_gates(one)],
                unasked=[one.repository_id for one in mine if one.commit and not one.gates],
                red=[
                    one.repository_id for one in mine if any(not gate.passed for gate in one.gates)
                ],
                flaky=[
                    f"{gate} of {name}"
                    for name in names
                    for gate in sorted(self._history.flaky.get(name, ()))
                ],
                lines=sum(
                    (file.added or 0) + (file.removed or 0) for one in mine for file in one.files
                ),
                major=self._major(inside),
                unverified=[one.repository_id for one in mine if one.unverified],
                irreversible=[
                    one.repository_id
                    for one in subject.steps
                    if one.phase == number and not one.reversible
                ],
                is_point_of_no_return=number == subject.no_return,
            )
        )

    def seconds(self, names: Sequence[str]) -> float | None:
        """How long a phase takes; None without history."""
        subject = self._subject
        durations = [self._seconds(name) for name in names]
        return phase_seconds(durations, subject.workers, parallel=subject.request.allow_parallel)

    def _seconds(self, name: str) -> float | None:
        kinds = [one.kind for one in self._subject.steps if one.repository_id == name]
        pipeline = self._subject.pipelines.get(name, "")
        found = [
            self._history.runs.get(pipeline)
            if kind == "pipeline_run" and pipeline in self._history.runs
            else self._history.steps.get(kind)
            for kind in kinds
        ]
        if kinds:
            found.append(self._history.validations.get(name))
        known = [one for one in found if one is not None]
        return sum(known) if known else None

    def _major(self, inside: set[str]) -> list[str]:
        change = self._subject.request.change
        if not isinstance(change, BumpDependency):
            return []
        new = major(change.version)
        found = []
        for edge in self._wanted:
            old = major(edge.version_constraint.lstrip("^~<>=!@: "))
            if edge.source_repo in inside and new and old and old != new:
                found.append(f"{change.name} from {old} to {new} in {edge.source_repo}")
        return found


def _has_no_gates(rendering: Rendering) -> bool:
    """Gates that are not stated leave evidence without a validation."""
    return bool(rendering.gates) and all(not one.validation_id for one in rendering.gates)
