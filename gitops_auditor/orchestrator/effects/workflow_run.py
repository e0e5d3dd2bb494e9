"""A run of a workflow at the forge: dispatched once, followed to its end."""

from typing import Final

import anyio
from typing_extensions import override

from gitops_auditor.errors import TimedOut
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.effects.effect import Effect, Facts, StepContext, Undone
from gitops_auditor.orchestrator.effects.reach import forge_of, workflows_of
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.forges.forge import Forges, WorkflowRun, Workflows
from gitops_auditor.orchestrator.records import Step

LOG_BYTES: Final = 16 * 1024
LONGEST_PAUSE: Final = 30.0
_OVER: Final = frozenset({"success", "failed", "cancelled"})


class WorkflowRunEffect(Effect):
    """Each try of a step is a run of its own, found again by the marker and the moment at which the
    try before it stopped.

    `first_pause` is how many seconds after the start the run is looked at; then ever longer.
    """

    def __init__(self, forges: Forges, first_pause: float = 2.0) -> None:
        self._forges = forges
        self._first_pause = first_pause
        self._runs: dict[str, str] = {}
        """The last run of each step that this process dispatched one for: one that failed has no
        result."""

    @override
    async def observe(self, context: StepContext) -> Facts:
        return {"workflow": _change(context).pipeline, "ref": context.rendering.branch}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        change, workflows = _change(context), await self._workflows(context)
        run = await workflows.start_workflow(
            context.repository,
            change.pipeline,
            context.rendering.branch,
            {name: _text(value) for name, value in change.inputs.items()},
            _marker(context.step),
        )
        self._runs[context.step.marker] = run.id
        run = await self._followed(context, workflows, run, change.timeout_seconds)
        log = await workflows.workflow_log(context.repository, run.id, LOG_BYTES)
        facts: Facts = {
            "run_id": run.id,
            "url": run.url,
            "status": run.status,
            "log": _tail(log),
        }
        if run.status != "success":
            raise WorkFailed(
                f"The workflow {change.pipeline} of {context.repository.id} ended as {run.status}. "
                f"{run.reason}".strip(),
                hint=f"Look at {run.url}, or at the end of its log.",
                details=facts,
            )
        return facts

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        name, where = _change(context).pipeline, context.repository.id
        run_id = str(result["run_id"]) if result else self._runs.get(context.step.marker)
        if run_id is None:
            return Undone(
                "not_undone",
                f"The workflow {name} of {where} may have been started. Look there for the run of "
                f"{context.step.marker}, cancel it and take back what it did.",
            )
        workflows = await self._workflows(context)
        run = await workflows.workflow_run(context.repository, run_id)
        if run.status not in _OVER:
            await workflows.cancel_workflow(context.repository, run_id)
            said = "was cancelled while it ran"
        else:
            said = f"ended as {run.status}"
        sentence = (
            f"The workflow {name} of {where} {said}: take back by hand what it did. {run.url}"
        )
        return Undone("not_undone", sentence)

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        return None

    async def _workflows(self, context: StepContext) -> Workflows:
        return workflows_of(await forge_of(self._forges, context))

    async def _followed(
        self, context: StepContext, workflows: Workflows, run: WorkflowRun, seconds: float
    ) -> WorkflowRun:
        deadline, pause = anyio.current_time() + seconds, self._first_pause
        while run.status not in _OVER:
            await context.tell(f"{run.url} is {run.status}.")
            left = deadline - anyio.current_time()
            if left <= 0:
                await workflows.cancel_workflow(context.repository, run.id)
                raise TimedOut(
                    f"{run.url} took more than {seconds:g} seconds; it was cancelled.",
                    hint="Give it more time, or make it faster.",
                )
            await anyio.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_PAUSE)
            run = await workflows.workflow_run(context.repository, run.id)
        return run


def _change(context: StepContext) -> RunPipeline:
    change = context.plan.request.change
    if not isinstance(change, RunPipeline):
        raise WorkFailed("The plan runs no workflow.", hint="Make the plan again.")
    return change


def _marker(step: Step) -> str:
    if step.completed_at is None:
        return step.marker
    return f"{step.marker}.{round(step.completed_at.timestamp() * 1000)}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise WorkFailed(
        "An input of a workflow is text, a number, or true or false.",
        hint="Make the plan again with such inputs.",
    )


def _tail(log: str) -> str:
    return log.encode()[-LOG_BYTES:].decode("utf-8", "ignore")
