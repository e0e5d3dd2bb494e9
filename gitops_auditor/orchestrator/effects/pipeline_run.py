"""A run of a repository's pipeline: started once, waited for, taken back by its rollback jobs."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from typing_extensions import override

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Conflict, GitOpsError, NotFound, TimedOut, Unavailable
from gitops_auditor.formats.written import Written
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.effects.effect import Effect, Facts, StepContext, Undone
from gitops_auditor.orchestrator.effects.runs_taken_back import RunsTakenBack
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.pipelines.launching import Plan as Launch
from gitops_auditor.pipelines.records import PipelineSummary, Run, RunSummary
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.repositories.revisions import Revision

MOST_RUNS: Final = 100
"""Runs that one step may start, each after one that did not succeed."""
EXPLAINED_TOKENS: Final = 400
_PASSING: Final = frozenset({"errored", "timeout", "lost"})
"""Failures in which the work did not say no."""


class PipelineRunEffect(Effect):
    """Runs are found again by the step's marker, numbered from the second one on.

    A step that stopped has the moment in `completed_at`: what it is told to do then is another try.
    """

    def __init__(self, pipelines: PipelineServices, audit: Audit) -> None:
        self._pipelines = pipelines
        self._audit = audit
        self._taken_back = RunsTakenBack(pipelines, audit)

    @override
    async def observe(self, context: StepContext) -> Facts:
        pipeline = await self._pipeline(context)
        return {"pipeline_id": pipeline.id, "commit": _commit(context)}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        change = _change(context)
        started = await self._started(context, str(pre_image["pipeline_id"]))
        await context.tell(f"Run {started.run_number} of {change.pipeline} goes.")

        async def tell(_over: float, _jobs: float | None, message: str) -> None:
            await context.tell(message)

        run = await self._pipelines.runs.wait(started.id, change.timeout_seconds, tell)
        if not run.finished:
            await self._taken_back.end(context, run.id)
            raise TimedOut(
                f"Run {run.run_number} of {run.pipeline_name} took more than "
                f"{change.timeout_seconds:g} seconds; it was cancelled.",
                hint="Give it more time, or make it faster.",
            )
        if run.status != "success":
            raise await self._failure(run)
        return {**_named(run), "jobs": [one.job for one in run.jobs if one.status == "success"]}

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        found = [one async for one in self._runs(context, str(pre_image["pipeline_id"]))]
        if not found:
            return Undone("nothing", f"No run was started in {context.repository.id}.")
        seconds = _change(context).timeout_seconds
        undone = [
            await self._taken_back.undone(context, one.id, seconds) for one in reversed(found)
        ]
        failed = [one for one in undone if one.outcome == "not_undone"]
        return Undone(
            "not_undone" if failed else "undone",
            " ".join(one.sentence for one in failed or undone),
        )

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        async for run in self._runs(context, str(pre_image["pipeline_id"])):
            if not run.finished:
                return f"Run {run.run_number} in {context.repository.id} still goes."
        return None

    async def _pipeline(self, context: StepContext) -> PipelineSummary:
        name, repository = _change(context).pipeline, context.repository.id
        try:
            found = await self._pipelines.registry.find(name, repository)
        except NotFound as unknown:
            raise WorkFailed(unknown.message, hint=unknown.hint) from None
        if found.repository_id != repository or found.status != "active":
            why = found.status if found.repository_id == repository else "of another repository"
            raise WorkFailed(
                f"The pipeline {name} that {repository} is to run is {why}.",
                hint="Set its status to active, or name a pipeline of the repository.",
            )
        return found

    async def _runs(self, context: StepContext, pipeline_id: str) -> AsyncIterator[RunSummary]:
        """The runs that the step started so far, oldest first."""
        for number in range(1, MOST_RUNS + 1):
            key = _key(context, number)
            run = await self._pipelines.launcher.started(pipeline_id, key)
            if run is None:
                return
            yield run

    async def _started(self, context: StepContext, pipeline_id: str) -> RunSummary:
        """The run of this try: one that an earlier try ended with is over for good."""
        stopped_at = context.step.completed_at
        for number in range(1, MOST_RUNS + 1):
            key = _key(context, number)
            known = await self._pipelines.launcher.started(pipeline_id, key)
            if known is None:
                return await self._start(context, key)
            is_red = known.finished and known.status != "success"
            if not is_red or stopped_at is None or known.created_at > stopped_at:
                return known
        raise WorkFailed(
            f"The pipeline was started {MOST_RUNS} times in {context.repository.id}, in vain.",
            hint="Look at its runs, then make another plan.",
        )

    async def _start(self, context: StepContext, key: str) -> RunSummary:
        actor = f"plan {context.plan.id}"
        facts = {"plan_id": context.plan.id, "repository_id": context.repository.id, "key": key}
        launch = await self._settled(context)
        async with self._audit.operation(actor, "run_pipeline", facts):
            return await self._pipelines.launcher.launch(launch, actor, key=key)

    async def _settled(self, context: StepContext) -> Launch:
        """The run at the plan's commit, as one of the branch that the plan is for.

        Conditions on the branch would not hold for a run at nothing but a commit.
        """
        branch, inputs = context.rendering.branch, _inputs(_change(context))
        revision = Revision(_commit(context), branch, None, branch)
        event = Event(type="plan", branch=branch, inputs=inputs)
        pipeline = await self._pipeline(context)
        return await self._pipelines.launcher.settled(pipeline, context.repository, revision, event)

    async def _failure(self, run: Run) -> GitOpsError:
        what = f"Run {run.run_number} of {run.pipeline_name} in {run.repository_id}"
        details = _named(run)
        if run.status == "cancelled":
            hint = "Resume the plan to start another run, or roll it back."
            return WorkFailed(f"{what} was cancelled.", hint=hint, details=details)
        cause, hint = await self._explained(run)
        if run.failure_kind == "timeout":
            return TimedOut(f"{what} took too long: {cause}", hint=hint, details=details)
        if run.failure_kind in _PASSING:
            message = f"{what} could not be carried out: {cause}"
            return Unavailable(message, hint=hint, details=details)
        return WorkFailed(f"{what} failed: {cause}", hint=hint, details=details)

    async def _explained(self, run: Run) -> tuple[str, str]:
        try:
            found = await self._pipelines.explainer.explain(run.id, None, EXPLAINED_TOKENS)
        except Conflict:
            return run.reason, "Look at the run."
        job = f"{found.job}: " if found.job else ""
        return f"{job}{found.cause}", found.suggestion


def _change(context: StepContext) -> RunPipeline:
    change = context.plan.request.change
    if not isinstance(change, RunPipeline):
        raise WorkFailed("The plan runs no pipeline.", hint="Make the plan again.")
    return change


def _commit(context: StepContext) -> str:
    return context.rendering.commit or context.rendering.base_commit


def _key(context: StepContext, number: int) -> str:
    return context.step.marker if number == 1 else f"{context.step.marker}#{number}"


def _inputs(change: RunPipeline) -> Mapping[str, Written]:
    wrong = [name for name, one in change.inputs.items() if not isinstance(one, Written)]
    if wrong:
        raise WorkFailed(
            f"The input {wrong[0]!r} is neither text nor a number nor true or false.",
            hint="Make the plan again with inputs that the pipeline declares.",
        )
    return {name: one for name, one in change.inputs.items() if isinstance(one, Written)}


def _named(run: Run) -> Facts:
    return {
        "run_id": run.id,
        "run_number": run.run_number,
        "pipeline_id": run.pipeline_id,
        "commit": run.commit_sha,
        "status": run.status,
    }
