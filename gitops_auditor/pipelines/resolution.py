"""What a definition comes to for an event, before anything runs: each job, and why it runs or not.

What only a run can tell (the outcome of jobs, files that jobs make) is not guessed: such a job
`depends`, and the reason says on what.
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from gitops_auditor.pipelines.conditions import (
    Condition,
    Scope,
    StatusSoFar,
    Truth,
    Unknown,
    evaluate,
    facts_used,
)
from gitops_auditor.pipelines.inputs import resolve_inputs
from gitops_auditor.pipelines.models import JobKind, PipelineDefinition
from gitops_auditor.pipelines.ordering import Gate, JobSpec, StageSpec, arrange
from gitops_auditor.pipelines.scope import Names, names_for
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.pipelines.triggers import firing

Choice = Literal["run", "skip", "depends"]
_AFTER_GATE: Mapping[Gate, str] = {
    "success": "It runs when everything before it succeeds.",
    "failure": "It runs only when something before it fails.",
    "always": "It runs whatever happens before it, unless the run is cancelled.",
}


class PlannedJob(BaseModel, defer_build=True):
    """One job of a run to be. Jobs of one generation wait only for those of earlier ones."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    kind: JobKind
    decision: Choice
    reason: str
    generation: int
    matrix: dict[str, str]
    needs: list[str]


class PlannedStage(BaseModel, defer_build=True):
    """A stage of a run to be, with its jobs in the order they are written."""

    model_config = ConfigDict(frozen=True)

    name: str
    decision: Choice
    reason: str
    jobs: list[PlannedJob]


class Resolution(BaseModel, defer_build=True):
    """What an event comes to. When nothing fires, the stages say what a start by hand comes to."""

    model_config = ConfigDict(frozen=True)

    fires: bool
    reason: str
    inputs: dict[str, str | int | float | bool]
    stages: list[PlannedStage]


class Decision(NamedTuple):
    """Whether something runs, and the sentence that says why."""

    choice: Choice
    reason: str


def resolve(
    definition: PipelineDefinition,
    event: Event,
    exists: Callable[[str], bool | None] | None = None,
) -> Resolution:
    """Decide for every stage and job. `exists` knows the files of the checkout; it may say None.

    Raises InvalidRequest for inputs that do not fit, or a definition without an order.
    """
    return _Resolver(definition, event, exists or (lambda _path: None)).resolution()


class _Resolver:
    def __init__(
        self,
        definition: PipelineDefinition,
        event: Event,
        exists: Callable[[str], bool | None],
    ) -> None:
        self._definition = definition
        self._event = event
        self._exists = exists
        self._inputs = resolve_inputs(definition, event)
        self._arrangement = arrange(definition)
        self._decided: dict[str, Decision] = {}
        self._stages: dict[str, Decision] = {}

    def resolution(self) -> Resolution:
        fires = firing(self._definition.triggers, self._event)
        generation = {}
        for number, names in enumerate(self._arrangement.generations, start=1):
            for name in names:
                generation[name] = number
                self._decided[name] = self._job(self._arrangement.jobs[name])
        stages = [self._planned(one, generation) for one in self._arrangement.stages.values()]
        return Resolution(
            fires=fires.fires, reason=fires.reason, inputs=self._inputs, stages=stages
        )

    def _planned(self, spec: StageSpec, generation: Mapping[str, int]) -> PlannedStage:
        decision = self._stage(spec)
        jobs = [
            PlannedJob(
                id=name,
                name=self._arrangement.jobs[name].job.name,
                kind=self._arrangement.jobs[name].job.kind,
                decision=self._decided[name].choice,
                reason=self._decided[name].reason,
                generation=generation[name],
                matrix=dict(self._arrangement.jobs[name].matrix),
                needs=list(self._arrangement.jobs[name].needs),
            )
            for name in spec.jobs
        ]
        return PlannedStage(name=spec.name, decision=decision[0], reason=decision[1], jobs=jobs)

    def _stage(self, spec: StageSpec) -> Decision:
        if spec.name not in self._stages:
            names = names_for(self._definition, self._event, self._inputs, spec.stage)
            self._stages[spec.name] = self._decide(spec.condition, names, spec.gate)
        return self._stages[spec.name]

    def _job(self, spec: JobSpec) -> Decision:
        stage = self._arrangement.stages[spec.stage]
        of_stage = self._stage(stage)
        if of_stage.choice == "skip":
            return Decision("skip", f"The stage {spec.stage} is skipped. {of_stage.reason}")
        names = names_for(
            self._definition, self._event, self._inputs, stage.stage, spec.job, spec.matrix
        )
        own = self._decide(spec.condition, names, stage.gate)
        if own.choice == "skip":
            return own
        asks_status = spec.condition is not None and spec.condition.asks_status
        by_needs = None if asks_status else self._by_needs(spec)
        return by_needs or (own if of_stage.choice == "run" else of_stage)

    def _by_needs(self, spec: JobSpec) -> Decision | None:
        """What follows from a job that it needs and that does not run, or perhaps not."""
        choices = {one: self._decided[one].choice for one in spec.needs}
        for name, choice in choices.items():
            if choice == "skip":
                return Decision("skip", f"It needs {name}, which is skipped.")
        for name, choice in choices.items():
            if choice == "depends":
                return Decision("depends", f"It needs {name}, and only the run tells if that runs.")
        return None

    def _decide(
        self,
        condition: Condition | None,
        names: Names,
        gate: Gate,
    ) -> Decision:
        if condition is None:
            return Decision("run" if gate != "failure" else "depends", _AFTER_GATE[gate])
        truths: dict[StatusSoFar, Truth] = {
            "success": evaluate(condition, Scope(names, "success", self._exists)),
            "failed": evaluate(condition, Scope(names, "failed", self._exists)),
        }
        facts = facts_used(condition, Scope(names, None, self._exists))
        return _explained(condition, truths, facts, gate)


def _explained(
    condition: Condition, truths: Mapping[StatusSoFar, Truth], facts: tuple[str, ...], gate: Gate
) -> Decision:
    text = f"`{condition.text}`"
    because = f": {', '.join(facts)}" if facts else ""
    if any(isinstance(one, Unknown) for one in truths.values()):
        return Decision("depends", f"Whether {text} holds is known only when the run gets there.")
    if not any(truths.values()):
        return Decision("skip", f"The condition {text} is false{because}.")
    if not condition.asks_status:
        choice: Choice = "run" if gate != "failure" else "depends"
        return Decision(choice, f"The condition {text} is true{because}. {_AFTER_GATE[gate]}")
    if all(truths.values()):
        return Decision("run", _AFTER_GATE["always"])
    if truths["success"]:
        return Decision("run", _AFTER_GATE["success"])
    return Decision("depends", _AFTER_GATE["failure"])
