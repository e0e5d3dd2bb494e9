"""The order in which pull requests of a plan are to be merged, shown as a commit status of each."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import Dependency
from gitops_auditor.orchestrator.effects.names import ORDER_CONTEXT, branch_of, plan_of
from gitops_auditor.orchestrator.forges.forge import (
    CommitStatus,
    CommitStatuses,
    Forges,
    PullRequests,
    PullRequestState,
)
from gitops_auditor.orchestrator.records import Plan, Step
from gitops_auditor.repositories.models import Repository

MOST_TEXT: Final = 140
"""Characters of a description; GitHub refuses more."""

Edges = Callable[[], Awaitable[Sequence[Dependency]]]
Plans = Callable[[str], Awaitable[Plan]]
Repositories = Callable[[str], Awaitable[Repository]]
"""Gives the repository of an id. Raises NotFound."""


class Provider(NamedTuple):
    """A pull request that another one waits for, as people write it: `acme/lib#12`."""

    label: str
    state: PullRequestState


def providers_of(plan: Plan, repository_id: str, edges: Sequence[Dependency]) -> list[str]:
    """The repositories of earlier phases that a repository needs, in their order: those that the
    plan was ordered by, and those that it asks for something of now.

    Raises KeyError for a repository that is not in the plan.
    """
    phases = {name: one.number for one in plan.phases for name in one.repositories}
    mine = phases[repository_id]
    needed = {edge.target_repo or "" for edge in edges if edge.source_repo == repository_id}
    needed.update(target for source, target in plan.inputs.links if source == repository_id)
    earlier = [one for one in needed if phases.get(one, mine) < mine]
    return sorted(earlier, key=lambda one: (phases[one], one))


def pull_request_step(plan: Plan, repository_id: str) -> Step | None:
    """The step that opened a repository's pull request; None while there is none."""
    for one in plan.steps:
        is_open = one.kind == "pull_request" and one.status == "done" and one.result is not None
        if is_open and one.repository_id == repository_id:
            return one
    return None


def order_status(providers: Sequence[Provider]) -> CommitStatus:
    """The status of a pull request that waits for others: success once all of them are merged."""
    closed = [one.label for one in providers if one.state == "closed"]
    if closed:
        text = f"{_listed(closed)} was closed without being merged"
        return CommitStatus(ORDER_CONTEXT, "failure", text[:MOST_TEXT])
    waited = [one.label for one in providers if one.state == "open"]
    if waited:
        return CommitStatus(ORDER_CONTEXT, "pending", f"Waits for {_listed(waited)}"[:MOST_TEXT])
    said = "All that it waits for is merged" if providers else "It waits for nothing"
    return CommitStatus(ORDER_CONTEXT, "success", said)


class MergeOrder:
    """Says on each pull request of a plan which others have to be merged before."""

    def __init__(
        self, forges: Forges, repositories: Repositories, edges: Edges, plans: Plans
    ) -> None:
        self._forges = forges
        self._repositories = repositories
        self._edges = edges
        self._plans = plans

    async def status(self, plan: Plan, repository_id: str) -> CommitStatus:
        """What the pull request of a repository waits for now. Raises Unavailable, Refused."""
        found = []
        for provider in providers_of(plan, repository_id, await self._edges()):
            state = await self._state(plan, provider)
            if state is not None:
                found.append(state)
        return order_status(found)

    async def merged(self, repository_id: str, head: str) -> list[str]:
        """A pull request from the branch `head` was merged or closed: say so to what waits for it.

        Returns the repositories that were told; none when no plan made the branch. Safe to repeat.
        Raises NotFound for a plan that is gone, Unavailable, Refused.
        """
        plan_id = plan_of(head)
        if plan_id is None:
            return []
        return await self.refresh(await self._plans(plan_id), repository_id)

    async def refresh(self, plan: Plan, repository_id: str) -> list[str]:
        """Say anew what the pull requests wait for that wait for this repository's."""
        edges, told = await self._edges(), []
        for step in plan.steps:
            if step.kind != "status" or step.status != "done":
                continue
            if repository_id in providers_of(plan, step.repository_id, edges):
                await self._tell(plan, step)
                told.append(step.repository_id)
        return told

    async def _tell(self, plan: Plan, step: Step) -> None:
        repository = await self._repositories(step.repository_id)
        forge = await self._forges.of(repository)
        commit = plan.rendering(step.repository_id).commit
        if isinstance(forge, CommitStatuses):
            status = await self.status(plan, step.repository_id)
            await forge.set_status(repository, commit, status)

    async def _state(self, plan: Plan, repository_id: str) -> Provider | None:
        """None for a repository without a pull request: there is nothing to wait for."""
        if pull_request_step(plan, repository_id) is None:
            return None
        repository = await self._repositories(repository_id)
        forge = await self._forges.of(repository)
        if not isinstance(forge, PullRequests):
            return None
        found = await forge.find_pull_request(repository, branch_of(plan.id))
        return found and Provider(f"{repository_id}#{found.number}", found.state)


def _listed(labels: Sequence[str]) -> str:
    more = len(labels) - 2
    return ", ".join(labels[:2]) + (f" and {more} more" if more > 0 else "")
