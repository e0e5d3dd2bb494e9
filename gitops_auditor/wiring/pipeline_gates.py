"""What gates ask of pipelines: a run at a commit, and the coverage that a run measured there.

What starts pipelines is loaded when one is asked for: most commands ask for none.
"""
# ruff: noqa: PLC0415

from typing import TYPE_CHECKING, Final

import anyio

from gitops_auditor.errors import GitOpsError
from gitops_auditor.pages import LARGEST_PAGE, PageParams
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.pipelines.records import PipelineSummary, Run
from gitops_auditor.quality.checks.ports import MeasuredCoverage, PipelineOutcome, PipelineStatus

if TYPE_CHECKING:
    from gitops_auditor.pipelines.firing import SyncReport

CANCEL_SECONDS: Final = 30.0
MOST_SHOWN: Final = 3
_COVERED, _TOTAL = "coverage_covered", "coverage_total"


class PipelineGates:
    """Runs pipelines for gates, and looks at what they measured."""

    def __init__(self, pipelines: PipelineServices) -> None:
        self._pipelines = pipelines

    async def run(
        self, repository_id: str, pipeline: str, commit: str, seconds: float, actor: str
    ) -> PipelineOutcome:
        """See `quality.checks.ports.PipelineRunner`; it needs a current audited operation."""
        from gitops_auditor.pipelines.launching import Order

        synced = await self._pipelines.firing.sync(repository_id, actor, commit)
        found = await self._meant(repository_id, pipeline)
        if found is None:
            return PipelineOutcome("", "missing", _instead(synced))
        started = await self._pipelines.launcher.start(Order(found.id, commit), actor)
        try:
            run = await self._pipelines.runs.wait(started.id, seconds)
        except BaseException:
            with anyio.CancelScope(shield=True), anyio.move_on_after(CANCEL_SECONDS):
                await self._pipelines.runs.cancel(started.id)
            raise
        if not run.finished:
            await self._pipelines.runs.cancel(run.id)
            reason = f"Run {run.run_number} did not end within {seconds:g} seconds."
            return PipelineOutcome(run.id, "timeout", reason)
        return PipelineOutcome(run.id, _status(run), await self._reason(run))

    async def _meant(self, repository_id: str, name: str) -> PipelineSummary | None:
        """The repository's pipeline of that id or name; case, spaces and hyphens are alike."""
        from gitops_auditor.pipelines.store.definitions import Filter

        page = await self._pipelines.registry.list(
            Filter(repository_id), PageParams(limit=LARGEST_PAGE)
        )
        for meant in (name, _plain(name)):
            for one in page.items:
                if meant in (one.id, one.name, _plain(one.name)):
                    return one
        return None

    async def measured(self, repository_id: str, commit: str) -> MeasuredCoverage | None:
        """See `quality.checks.ports.CoverageSource`."""
        for run in await self._pipelines.runs.of_commit(repository_id, commit):
            for job in reversed(run.jobs):
                covered, total = job.figures.get(_COVERED), job.figures.get(_TOTAL)
                if isinstance(covered, int) and isinstance(total, int) and total > 0:
                    source = f"job {job.job} of run {run.run_number} of {run.pipeline_name}"
                    return MeasuredCoverage(covered, total, source)
        return None

    async def _reason(self, run: Run) -> str:
        if run.status != "failed":
            return run.reason
        try:
            found = await self._pipelines.explainer.explain(run.id, None, 200)
        except GitOpsError:
            return run.reason
        return f"{found.job}: {found.cause}" if found.job else found.cause


def _instead(synced: "SyncReport") -> str:
    """What there is where a pipeline is missed, files that nobody could read first."""
    unread = [f"{path} cannot be read: {reason}" for path, reason in synced.problems.items()]
    if unread:
        return " ".join(unread[:MOST_SHOWN])
    known = ", ".join(synced.pipelines[:MOST_SHOWN])
    return f"Pipelines of the commit: {known}." if known else "No file of the commit defines any."


def _status(run: Run) -> PipelineStatus:
    if run.status in ("success", "cancelled"):
        return "success" if run.status == "success" else "cancelled"
    if run.failure_kind == "timeout":
        return "timeout"
    return "failed" if run.failure_kind in (None, "failed") else "errored"


def _plain(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())
