"""The pull request of a repository: opened for people to merge, closed again."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from typing_extensions import override

from gitops_auditor.errors import Stale
from gitops_auditor.orchestrator.effects.effect import Effect, Facts, StepContext, Undone
from gitops_auditor.orchestrator.effects.merge import revert_sentence
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.effects.pull_request_text import body_of, title_of
from gitops_auditor.orchestrator.effects.reach import forge_of, pull_requests_of
from gitops_auditor.orchestrator.forges.forge import (
    Forges,
    NewPullRequest,
    PullRequest,
    PullRequests,
)
from gitops_auditor.orchestrator.merge_order import Edges, providers_of, pull_request_step
from gitops_auditor.repositories.models import Repository

Reviewers = Callable[[Repository, str, Sequence[str]], Awaitable[Sequence[str]]]
"""Who has to review a change of these paths, as a repository says at a commit."""

CLOSED_BECAUSE: Final = "The plan {plan} was undone, and this pull request is closed with it."


class PullRequestEffect(Effect):
    """The plan's branch is what a pull request is found by."""

    def __init__(self, forges: Forges, edges: Edges, reviewers: Reviewers) -> None:
        self._forges = forges
        self._edges = edges
        self._reviewers = reviewers

    @override
    async def observe(self, context: StepContext) -> Facts:
        return {"head": branch_of(context.plan.id), "number": None}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        requests, rendering = await self._requests(context), context.rendering
        paths = [one.path for one in rendering.files]
        body = body_of(context.plan, context.step, rendering, await self._depends_on(context))
        new = NewPullRequest(
            head=branch_of(context.plan.id),
            base=rendering.branch,
            title=title_of(context.plan),
            body=body,
            reviewers=await self._reviewers(context.repository, rendering.base_commit, paths),
        )
        found = await requests.find_pull_request(context.repository, new.head)
        if found is None or found.state == "closed":
            found = await requests.open_pull_request(context.repository, new)
        if found.head_commit != rendering.commit:
            raise Stale(
                f"{found.url} stands at {found.head_commit}, not at {rendering.commit}.",
                hint="Look who pushed there, then roll the plan back or resume it.",
                details={"present": found.head_commit},
            )
        return _facts(found)

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        requests = await self._requests(context)
        found = await requests.find_pull_request(context.repository, branch_of(context.plan.id))
        if found is None:
            return Undone("nothing", f"{context.repository.id} has no pull request of the plan.")
        if found.state == "open":
            comment = CLOSED_BECAUSE.format(plan=context.plan.id)
            found = await requests.close_pull_request(context.repository, found.number, comment)
        if found.state == "merged":
            return Undone("not_undone", revert_sentence(found.base, found))
        return Undone("undone", f"Closed {found.url}.")

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        requests = await self._requests(context)
        found = await requests.find_pull_request(context.repository, branch_of(context.plan.id))
        return (
            None if found is None or found.state == "closed" else f"{found.url} is {found.state}."
        )

    async def _requests(self, context: StepContext) -> PullRequests:
        return pull_requests_of(await forge_of(self._forges, context))

    async def _depends_on(self, context: StepContext) -> list[str]:
        """The pull requests of earlier phases that this one needs merged before."""
        plan = context.plan
        providers = providers_of(plan, context.repository.id, await self._edges())
        steps = [pull_request_step(plan, one) for one in providers]
        return [str(one.result["url"]) for one in steps if one is not None and one.result]


def _facts(found: PullRequest) -> Facts:
    return {
        "number": found.number,
        "url": found.url,
        "head": found.head,
        "head_commit": found.head_commit,
        "base": found.base,
        "state": found.state,
    }
