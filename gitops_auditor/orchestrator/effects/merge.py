"""The target branch: moved to the rendered commit, or to what a merged pull request made."""

from collections.abc import Awaitable, Callable

from typing_extensions import override

from gitops_auditor.errors import Stale
from gitops_auditor.orchestrator.effects.effect import Effect, Facts, StepContext, Undone
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.effects.reach import forge_of, pull_requests_of
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.forges.forge import Forge, Forges, PullRequest
from gitops_auditor.repositories.models import Repository

Contains = Callable[[Repository, str, str], Awaitable[bool | None]]
"""Whether a commit contains another one, both of a repository; None when nobody here knows."""


class MergeEffect(Effect):
    """Where a branch can be moved back it is moved; elsewhere the pull request is merged."""

    def __init__(self, forges: Forges, contains: Contains) -> None:
        self._forges = forges
        self._contains = contains

    @override
    async def observe(self, context: StepContext) -> Facts:
        forge, rendering = await forge_of(self._forges, context), context.rendering
        if not await self._is_done(forge, context):
            await _require_base(forge, context)
        return {"branch": rendering.branch, "commit": rendering.base_commit}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        forge, rendering = await forge_of(self._forges, context), context.rendering
        if not forge.moves_back:
            return await self._merge(forge, context)
        await forge.move_branch(
            context.repository, rendering.branch, rendering.base_commit, rendering.commit
        )
        return {"branch": rendering.branch, "commit": rendering.commit}

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        forge = await forge_of(self._forges, context)
        if not forge.moves_back:
            return await self._merged(forge, context)
        head = await _head(forge, context)
        if not await self._may_hold(context, head):
            where = f"{context.rendering.branch} of {context.repository.id}"
            return Undone("nothing", f"{where} does not have the plan's commit.")
        if head == context.rendering.commit and await _moved_back(forge, context):
            return Undone("undone", _back(context))
        return Undone("not_undone", _pushed(context, await _head(forge, context)))

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        """What others pushed that does not hold the plan's commit is none of the plan's."""
        forge = await forge_of(self._forges, context)
        if not forge.moves_back:
            undone = await self._merged(forge, context)
            return undone.sentence if undone.outcome == "not_undone" else None
        head = await _head(forge, context)
        if not await self._may_hold(context, head):
            return None
        branch = context.rendering.branch
        return (
            f"{branch} of {context.repository.id} stands at {head}, not at {pre_image['commit']}."
        )

    async def _may_hold(self, context: StepContext, head: str | None) -> bool:
        """Whether the plan's commit may be in the branch, as far as it can be told here."""
        if head == context.rendering.base_commit:
            return False
        if head is None:
            return True
        commit = context.rendering.commit
        return await self._contains(context.repository, head, commit) is not False

    async def _is_done(self, forge: Forge, context: StepContext) -> bool:
        if forge.moves_back:
            return await _head(forge, context) == context.rendering.commit
        found = await _pull_request(forge, context)
        return found is not None and found.state == "merged"

    async def _merge(self, forge: Forge, context: StepContext) -> Facts:
        found = await _pull_request(forge, context)
        if found is None or found.state == "closed":
            why = f"was closed: {found.url}" if found else "is not there any more"
            raise WorkFailed(
                f"The pull request of {context.repository.id} {why}.",
                hint="Open it again and resume the plan, or roll the plan back.",
            )
        if found.state == "open":
            await _require_base(forge, context)
            found = await pull_requests_of(forge).merge_pull_request(
                context.repository, found.number, context.rendering.commit
            )
        return {
            "branch": context.rendering.branch,
            "commit": found.merge_commit or found.head_commit,
            "number": found.number,
            "url": found.url,
        }

    async def _merged(self, forge: Forge, context: StepContext) -> Undone:
        found = await _pull_request(forge, context)
        if found is None or found.state != "merged":
            return Undone("nothing", f"Nothing was merged into {context.repository.id}.")
        return Undone("not_undone", revert_sentence(context.rendering.branch, found))


def revert_sentence(branch: str, merged: PullRequest) -> str:
    """What somebody has to do about a pull request that was merged."""
    commit = merged.merge_commit or merged.head_commit
    return (
        f"{merged.url} was merged into {branch} as {commit}; it stays merged. Revert that commit "
        "in a new pull request."
    )


async def _pull_request(forge: Forge, context: StepContext) -> PullRequest | None:
    requests = pull_requests_of(forge)
    return await requests.find_pull_request(context.repository, branch_of(context.plan.id))


async def _head(forge: Forge, context: StepContext) -> str | None:
    branch = context.rendering.branch
    return (await forge.heads(context.repository, [branch]))[branch]


async def _require_base(forge: Forge, context: StepContext) -> None:
    head, base = await _head(forge, context), context.rendering.base_commit
    if head != base:
        raise Stale(
            f"{context.rendering.branch} of {context.repository.id} stands at {head}, and the plan "
            f"was made for {base}.",
            hint="Make the plan again for what is there now.",
            details={"present": head},
        )


async def _moved_back(forge: Forge, context: StepContext) -> bool:
    """False when somebody pushed meanwhile."""
    rendering = context.rendering
    try:
        await forge.move_branch(
            context.repository, rendering.branch, rendering.commit, rendering.base_commit
        )
    except Stale:
        return False
    return True


def _back(context: StepContext) -> str:
    rendering = context.rendering
    return f"Moved {rendering.branch} of {context.repository.id} back to {rendering.base_commit}."


def _pushed(context: StepContext, head: str | None) -> str:
    branch, repository = context.rendering.branch, context.repository.id
    if head is None:
        return f"The branch {branch} of {repository} is gone. Restore it at the commit you want."
    return (
        f"Somebody pushed to {branch} of {repository}: it stands at {head}. Revert "
        f"{context.rendering.commit} there by hand."
    )
