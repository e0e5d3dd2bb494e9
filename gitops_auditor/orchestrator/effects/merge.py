"""The target branch: moved to the rendered commit, or to what a merged pull request made."""

from typing_extensions import override

from gitops_auditor.errors import Stale
from gitops_auditor.orchestrator.effects.effect import Effect, Facts, StepContext, Undone
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.effects.reach import forge_of, pull_requests_of
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.forges.forge import Forge, Forges, PullRequest


class MergeEffect(Effect):
    """Where a branch can be moved back it is moved; elsewhere the pull request is merged."""

    def __init__(self, forges: Forges) -> None:
        self._forges = forges

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
        branch, commit = context.rendering.branch, context.rendering.commit
        base = context.rendering.base_commit
        head = await _head(forge, context)
        if head == base:
            return Undone("nothing", f"{branch} of {context.repository.id} stands at {base}.")
        if head == commit:
            try:
                await forge.move_branch(context.repository, branch, commit, base)
            except Stale:
                head = await _head(forge, context)
            else:
                sentence = f"Moved {branch} of {context.repository.id} back to {base}."
                return Undone("undone", sentence)
        return Undone("not_undone", _pushed(context, head))

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        forge = await forge_of(self._forges, context)
        head = await _head(forge, context)
        if head == pre_image["commit"]:
            return None
        branch = context.rendering.branch
        return (
            f"{branch} of {context.repository.id} stands at {head}, not at {pre_image['commit']}."
        )

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


def _pushed(context: StepContext, head: str | None) -> str:
    branch, repository = context.rendering.branch, context.repository.id
    if head is None:
        return f"The branch {branch} of {repository} is gone. Restore it at the commit you want."
    return (
        f"Somebody pushed to {branch} of {repository}: it stands at {head}. Revert "
        f"{context.rendering.commit} there by hand."
    )
