"""How long a run, its stages and its jobs may take. Pure; times are those of the run's clock."""

from collections.abc import Iterator

from gitops_auditor.pipelines.engine.memory import Memory
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import Arrangement, JobSpec
from gitops_auditor.pipelines.states import RunState

LEAST_SECONDS = 0.001


class Deadlines:
    """`most` is how long any run may take; a definition may say less."""

    def __init__(
        self, definition: PipelineDefinition, arrangement: Arrangement, memory: Memory, most: float
    ) -> None:
        self._arrangement = arrangement
        self._memory = memory
        self.run_seconds = min(definition.timeout or most, most)

    def left(self, job: JobSpec, now: float) -> float:
        """Seconds that an attempt has which starts now."""
        return max(self.end(job, now) - now, LEAST_SECONDS)

    def end(self, job: JobSpec, start: float) -> float:
        """When the time of an attempt is up: the job's, or what stage and run leave.

        What follows a run that failed, and what always comes last, has as long as the run had.
        """
        spec = self._arrangement.stages[job.stage]
        began = self._memory.entered.get(job.stage, start)
        ends = [self.run_seconds if spec.gate == "success" else began + self.run_seconds]
        if spec.stage.timeout is not None:
            ends.append(began + spec.stage.timeout)
        if job.job.timeout is not None:
            ends.append(start + job.job.timeout)
        return min(ends)

    def is_run_over(self, now: float) -> bool:
        """Whether the time of the run is up."""
        return now >= self.run_seconds

    def stages_over(self, state: RunState, now: float) -> list[str]:
        """The stages whose time is up from now on."""
        return [name for name, end in self._stage_ends(state) if now >= end]

    def following(self, state: RunState, now: float) -> float:
        """When the time of something is up next."""
        ends = [end for _, end in self._stage_ends(state)]
        if not state.is_late:
            ends.append(self.run_seconds)
        return min(ends, default=now + self.run_seconds)

    def _stage_ends(self, state: RunState) -> Iterator[tuple[str, float]]:
        for name, began in self._memory.entered.items():
            spec = self._arrangement.stages[name]
            if spec.stage.timeout is None or name in state.late_stages:
                continue
            if not all(state.jobs[job].is_final for job in spec.jobs):
                yield name, began + spec.stage.timeout
