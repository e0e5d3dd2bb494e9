"""How what a plan was made of differs from what is there now."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from gitops_auditor.dependencies.service import DependencyService
from gitops_auditor.errors import GitOpsError, NotFound, Stale
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.fields import PhaseStatus
from gitops_auditor.orchestrator.forges.forge import Forges
from gitops_auditor.orchestrator.planning.inputs import Gates, judged_commit
from gitops_auditor.orchestrator.planning.ordering import links_among
from gitops_auditor.orchestrator.planning.pipelines import PlannedRuns
from gitops_auditor.orchestrator.planning.targets import Targets
from gitops_auditor.orchestrator.records import Plan, Record, Rendering
from gitops_auditor.pipelines.assembly import PipelineServices
from gitops_auditor.repositories.service import RepositoryRegistry

MOST_TOLD: Final = 20
_AHEAD: Final[frozenset[PhaseStatus]] = frozenset({"pending", "not_started"})


class Difference(Record):
    """One input of a plan that is another one now; `present` is empty when it is gone.

    `subject` is a repository, or for the graph `consumer -> provider`.
    """

    what: Literal["repository", "branch", "graph", "gates", "pipeline"]
    subject: str
    planned: str
    present: str
    sentence: str


class Freshness:
    """Compares plans with the present; changes nothing, scans nothing."""

    def __init__(
        self,
        repositories: RepositoryRegistry,
        dependencies: DependencyService,
        pipelines: PipelineServices,
        forges: Forges,
        gates: Gates,
    ) -> None:
        self._repositories = repositories
        self._dependencies = dependencies
        self._gates = gates
        self._targets = Targets(repositories, forges)
        self._runs = PlannedRuns(pipelines, repositories.revisions)

    async def differences(self, plan: Plan) -> list[Difference]:
        """Everything that changed under the phases that are still to be executed.

        The graph is as of the last scan. Raises Unavailable and Refused when a repository cannot
        be reached: whether it changed is not known then.
        """
        ahead = {one.number for one in plan.phases if one.status in _AHEAD}
        renderings = [one for one in plan.renderings if one.phase in ahead]
        found: list[Difference] = []
        for rendering in renderings:
            found += await self._of_repository(plan, rendering)
        edges = await self._dependencies.edges()
        present = links_among([one.repository_id for one in plan.renderings], edges)
        changeable = {one.repository_id for one in renderings}
        return [*found, *_in_graph(plan.inputs.links, present, changeable)]

    async def require(self, plan: Plan) -> None:
        """Raise Stale with the differences in its details, unless the plan is as it was made."""
        found = await self.differences(plan)
        if found:
            more = f" And {len(found) - 1} more." if len(found) > 1 else ""
            raise Stale(
                f"The plan {plan.id} is out of date: {found[0].sentence}{more}",
                hint="Make the plan again.",
                details={"differences": [one.model_dump(mode="json") for one in found[:MOST_TOLD]]},
            )

    async def _of_repository(self, plan: Plan, rendering: Rendering) -> list[Difference]:
        name = rendering.repository_id
        try:
            repository = await self._repositories.get(name)
        except NotFound:
            sentence = f"{name} is not registered any more."
            return [_difference("repository", name, name, "", sentence)]
        present = await self._targets.present(repository, rendering.branch, plan.request) or ""
        if present != rendering.base_commit:
            # What gates and pipelines come to at a commit that is no base any more says nothing.
            return [_moved(rendering, present)]
        found = await self._of_gates(plan, rendering)
        change = plan.request.change
        if isinstance(change, RunPipeline) and name in plan.inputs.pipelines:
            planned = plan.inputs.pipelines[name]
            try:
                digest = (await self._runs.of(repository, rendering.base_commit, change)).digest
                sentence = f"The definition of {change.pipeline} of {name} changed."
            except GitOpsError as wrong:
                digest, sentence = "", f"{change.pipeline} of {name} cannot run: {wrong.message}"
            if digest != planned:
                found.append(_difference("pipeline", name, planned, digest, sentence))
        return found

    async def _of_gates(self, plan: Plan, rendering: Rendering) -> list[Difference]:
        name = rendering.repository_id
        planned = plan.inputs.gates.get(name)
        if planned is None:
            return []
        present = await self._gates.digest(name, judged_commit(rendering))
        if present == planned:
            return []
        sentence = f"The quality gates that are asked of {name} changed."
        return [_difference("gates", name, planned, present, sentence)]


def _moved(rendering: Rendering, present: str) -> Difference:
    name, branch, planned = rendering.repository_id, rendering.branch, rendering.base_commit
    if present:
        sentence = f"{branch} of {name} moved from {planned[:12]} to {present[:12]}."
    else:
        sentence = f"{branch} of {name} is gone; it was at {planned[:12]}."
    return _difference("branch", name, planned, present, sentence)


def _in_graph(
    planned: Sequence[tuple[str, str]], present: Iterable[tuple[str, str]], ahead: set[str]
) -> list[Difference]:
    """Of repositories that are still to be changed: where others stand is history."""
    before, after = {*planned}, {*present}
    found = []
    for consumer, provider in sorted(before ^ after):
        if consumer not in ahead:
            continue
        is_new = (consumer, provider) in after
        verb = "now needs" if is_new else "does not need"
        sentence = f"{consumer} {verb} {provider} at run time{'' if is_new else ' any more'}."
        states = ("", "needed") if is_new else ("needed", "")
        found.append(_difference("graph", f"{consumer} -> {provider}", *states, sentence))
    return found


def _difference(
    what: Literal["repository", "branch", "graph", "gates", "pipeline"],
    subject: str,
    planned: str,
    present: str,
    sentence: str,
) -> Difference:
    return Difference(
        what=what, subject=subject, planned=planned, present=present, sentence=sentence
    )
