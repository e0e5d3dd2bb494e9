"""Plays a run without running anything: the reports are chosen by the test."""

from collections.abc import Mapping

from gitops_auditor.pipelines.definition import parse_definition
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import arrange
from gitops_auditor.pipelines.scheduling import Facts, Ready, advance
from gitops_auditor.pipelines.states import (
    Event,
    Finished,
    RunState,
    Started,
    apply,
    initial,
    stage_status,
)
from gitops_auditor.pipelines.trigger_models import Event as TriggerEvent


class Run:
    """A run that the test moves on. `started` lists every attempt in the order of its start."""

    def __init__(
        self, definition: PipelineDefinition | str, *, branch: str = "main", files: str = ""
    ) -> None:
        if isinstance(definition, str):
            definition = parse_definition(definition)
        self.arrangement = arrange(definition)
        event = TriggerEvent(type="push", branch=branch)
        known = set(files.split())
        self._facts = Facts(definition, event, {}, lambda path: path in known)
        self.state: RunState = initial(self.arrangement)
        self.started: list[tuple[str, int]] = []
        self.ready: tuple[Ready, ...] = ()
        self._advance()

    def _advance(self) -> None:
        self.state, self.ready = advance(self.arrangement, self.state, self._facts)

    def report(self, event: Event) -> None:
        self.state = apply(self.arrangement, self.state, event)
        self._advance()

    def start(self, job: str) -> None:
        attempt = next(one.attempt for one in self.ready if one.job == job)
        self.started.append((job, attempt))
        self.report(Started(job, attempt))

    def finish(self, job: str, failure: FailureKind | None = None) -> None:
        self.report(Finished(job, self.state.jobs[job].attempt, failure))

    def names_ready(self) -> list[str]:
        return [one.job for one in self.ready]

    def play(self, outcomes: Mapping[str, FailureKind | None] | None = None) -> "Run":
        """Start and finish all that can be, each job with its outcome, until the run is over."""
        while self.ready:
            job = self.ready[0].job
            self.start(job)
            self.finish(job, (outcomes or {}).get(job))
        return self

    def stage_status(self, stage: str) -> str:
        jobs = self.arrangement.stages[stage].jobs
        return stage_status({one: self.state.jobs[one].status for one in jobs}, self.state.broken)

    def status(self) -> str:
        return self.state.status

    def statuses(self) -> dict[str, str]:
        return {name: one.status for name, one in self.state.jobs.items()}
