"""Undoes runs of pipelines: cancelled while they go, then their rollback jobs run."""

from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.errors import TimedOut
from gitops_auditor.orchestrator.effects.effect import StepContext, Undone
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.pipelines.records import JobRun, Run
from gitops_auditor.pipelines.rolling_back import STAGE, RollingBack

END_SECONDS: Final = 60.0
"""How long a cancelled run may take to end."""
MOST_NAMED: Final = 5
_OTHERS: Final = frozenset({STAGE, "always"})


class RunsTakenBack:
    """All of it is safe to repeat: rollback jobs run once for each run."""

    def __init__(self, pipelines: PipelineServices, audit: Audit) -> None:
        self._pipelines = pipelines
        self._audit = audit

    async def undone(self, context: StepContext, run_id: str, seconds: float) -> Undone:
        """Undo a run; its rollback jobs may take so long. Raises TimedOut, Unavailable."""
        run = await self.end(context, run_id)
        what = f"run {run.run_number} of {run.pipeline_name} in {run.repository_id}"
        ran = [one for one in run.jobs if one.attempt and one.stage not in _OTHERS]
        if not ran:
            return Undone("undone", f"Nothing of {what} had run.")
        inside = [one for one in run.jobs if one.stage == STAGE and one.attempt]
        if inside and all(one.status == "success" for one in inside):
            return Undone("undone", f"The rollback jobs of {what} ran in it.")
        return await self._rolled_back(context, run, ran, seconds)

    async def end(self, context: StepContext, run_id: str) -> Run:
        """Cancel a run unless it is over, and return it at its end. Raises TimedOut."""
        run = await self._pipelines.runs.get(run_id)
        if run.finished:
            return run
        facts = {"plan_id": context.plan.id, "run_id": run_id}
        async with self._audit.operation(f"plan {context.plan.id}", "cancel_run", facts):
            await self._pipelines.runs.cancel(run_id)
        return await self._ended(run_id, END_SECONDS)

    async def _rolled_back(
        self, context: StepContext, run: Run, ran: list[JobRun], seconds: float
    ) -> Undone:
        what = f"Run {run.run_number} of {run.pipeline_name} in {run.repository_id}"
        actor, facts = f"plan {context.plan.id}", {"plan_id": context.plan.id, "run_id": run.id}
        rolling = RollingBack(self._pipelines.runs, self._pipelines.launcher)
        async with self._audit.operation(actor, "roll_back_run", facts):
            started = await rolling.start(run.id, actor)
        if started is None:
            names = ", ".join(one.job for one in ran[:MOST_NAMED])
            more = f" and {len(ran) - MOST_NAMED} more" if len(ran) > MOST_NAMED else ""
            return Undone(
                "not_undone",
                f"{what} has no rollback jobs. These ran: {names}{more}; take back what they did.",
            )
        ended = await self._ended(started.id, seconds)
        if ended.status == "success":
            said = f"The rollback jobs ran as run {ended.run_number}."
            return Undone("undone", f"{what} was taken back. {said}")
        why = ended.reason or f"it is {ended.status}"
        return Undone(
            "not_undone",
            f"{what} was not taken back: its rollback jobs ran as run {ended.run_number}, and that "
            f"failed ({why}). Take back by hand what it did.",
        )

    async def _ended(self, run_id: str, seconds: float) -> Run:
        run = await self._pipelines.runs.wait(run_id, seconds)
        if not run.finished:
            raise TimedOut(
                f"Run {run.run_number} of {run.pipeline_name} has not ended in {seconds:g} "
                "seconds.",
                hint="Look what keeps it, then try again.",
            )
        return run
