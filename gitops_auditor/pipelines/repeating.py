"""Repeats runs: all of them, what failed, or from a job on."""

from gitops_auditor.errors import Conflict, JsonValue
from gitops_auditor.identity import new_id
from gitops_auditor.pipelines.launching import Launcher, new_jobs
from gitops_auditor.pipelines.ordering import Arrangement
from gitops_auditor.pipelines.records import Run, RunSummary
from gitops_auditor.pipelines.reruns import Everything, RerunScope, rerun_state
from gitops_auditor.pipelines.runs import Runs
from gitops_auditor.pipelines.states import JobState, RunState
from gitops_auditor.pipelines.store.runs import NewJob
from gitops_auditor.pipelines.workspaces import RunWorkspaces


class Repeater:
    """Starts a run that executes what another one did: the same commit, revision and inputs."""

    def __init__(self, runs: Runs, launcher: Launcher, workspaces: RunWorkspaces) -> None:
        self._runs = runs
        self._launcher = launcher
        self._workspaces = workspaces

    async def rerun(self, run_id: str, scope: RerunScope, actor: str) -> RunSummary:
        """Start the run again. Jobs that are not repeated keep their status and outputs.

        What they left in the checkout is there too while the folders of a failed run are kept on
        this machine; else the jobs that are repeated find a fresh checkout.

        Must run inside an audited operation. Raises NotFound, Conflict for a run that is not over
        or was carried out elsewhere, and InvalidRequest when the scope leaves nothing to repeat.
        """
        before = await self._runs.get(run_id)
        if not before.finished or before.external_id is not None:
            raise Conflict(
                f"Run {run_id} is {before.status}"
                f"{', elsewhere' if before.external_id else ''}; it cannot be repeated.",
                hint="Wait for its end, or cancel it first.",
            )
        plan = await self._launcher.again(before, await self._runs.source(before))
        state = rerun_state(plan.arrangement, _state(before), scope)
        jobs = _jobs(plan.arrangement, state, before)
        again = new_id()
        if not isinstance(scope, Everything):
            # What kept jobs left in the checkout is what the others go on with.
            await self._workspaces.adopt(run_id, again)
        return await self._launcher.launch(plan, actor, jobs=jobs, rerun_of=run_id, run_id=again)


def _state(run: Run) -> RunState:
    jobs = {
        one.job: JobState(
            status=one.status, attempt=one.attempt, failure=one.failure_kind, reason=one.reason
        )
        for one in run.jobs
    }
    return RunState(jobs, status=run.status, failure=run.failure_kind)


def _jobs(arrangement: Arrangement, state: RunState, before: Run) -> list[NewJob]:
    outputs: dict[str, JsonValue] = {one.job: dict(one.outputs) for one in before.jobs}
    return [
        one
        if state.jobs[one.job].status == "pending"
        else one._replace(
            status=state.jobs[one.job].status,
            reason=state.jobs[one.job].reason,
            outputs=outputs[one.job],
        )
        for one in new_jobs(arrangement)
    ]
