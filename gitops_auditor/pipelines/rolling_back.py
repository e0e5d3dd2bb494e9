"""Takes back what a run did that is over: its rollback jobs, as a run of their own."""

from dataclasses import replace
from typing import Final

from gitops_auditor.errors import Conflict, JsonValue
from gitops_auditor.pipelines.launching import Launcher, new_jobs
from gitops_auditor.pipelines.ordering import Arrangement
from gitops_auditor.pipelines.records import Run, RunSummary
from gitops_auditor.pipelines.runs import Runs
from gitops_auditor.pipelines.store.runs import NewJob

STAGE: Final = "rollback"
"""What the stage of a definition's rollback jobs is called in a run."""

DONE: Final = "It succeeded in the run that this one takes back."
LEFT_OUT: Final = "Only the rollback jobs run."


class RollingBack:
    """Starts the rollback jobs of a run at its commit, by its definition and with its inputs.

    What jobs of it succeeded counts as done, with their outputs, and nothing of it runs again.
    """

    def __init__(self, runs: Runs, launcher: Launcher) -> None:
        self._runs = runs
        self._launcher = launcher

    async def start(self, run_id: str, actor: str) -> RunSummary | None:
        """Start them, once for each run; None when its definition has none.

        Must run inside an audited operation. Raises NotFound, and Conflict for a run that is not
        over or was carried out elsewhere.
        """
        before = await self._runs.get(run_id)
        if not before.finished or before.external_id is not None:
            raise Conflict(
                f"Run {run_id} is {before.status}"
                f"{', elsewhere' if before.external_id else ''}; it cannot be taken back.",
                hint="Wait for its end, or cancel it first.",
            )
        key = f"rollback of {run_id}"
        known = await self._launcher.started(before.pipeline_id, key)
        if known is not None:
            return known
        plan = await self._launcher.again(before, await self._runs.source(before))
        if not has_rollback(plan.arrangement):
            return None
        plan = replace(plan, event=plan.event.model_copy(update={"takes_back": True}))
        jobs = _jobs(plan.arrangement, before)
        return await self._launcher.launch(plan, actor, key=key, jobs=jobs, rerun_of=run_id)


def has_rollback(arrangement: Arrangement) -> bool:
    """Whether a definition says how what it does is taken back."""
    stage = arrangement.stages.get(STAGE)
    return stage is not None and stage.gate == "failure"


def _jobs(arrangement: Arrangement, before: Run) -> list[NewJob]:
    known = {one.job: one for one in before.jobs}
    found: list[NewJob] = []
    for job in new_jobs(arrangement):
        earlier = known.get(job.job)
        if job.stage == STAGE:
            found.append(job)
        elif earlier is not None and earlier.status == "success":
            outputs: JsonValue = dict(earlier.outputs)
            found.append(job._replace(status="success", reason=DONE, outputs=outputs))
        else:
            found.append(job._replace(status="skipped", reason=LEFT_OUT))
    return found
