"""The branch of a plan: made at the rendered commit, deleted again."""

from typing_extensions import override

from gitops_auditor.errors import Stale
from gitops_auditor.orchestrator.effects.effect import Effect, Facts, StepContext, Undone
from gitops_auditor.orchestrator.effects.names import branch_of
from gitops_auditor.orchestrator.effects.reach import forge_of
from gitops_auditor.orchestrator.forges.forge import Forges


class BranchEffect(Effect):
    """Nobody else makes a branch of that name: one at our commit is ours."""

    def __init__(self, forges: Forges) -> None:
        self._forges = forges

    @override
    async def observe(self, context: StepContext) -> Facts:
        head = await self._head(context)
        if head not in (None, context.rendering.commit):
            raise _taken(context, head)
        return {"branch": branch_of(context.plan.id), "commit": None}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        branch, commit = branch_of(context.plan.id), context.rendering.commit
        forge = await forge_of(self._forges, context)
        await forge.move_branch(context.repository, branch, None, commit)
        return {"branch": branch, "commit": commit}

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        branch, head = branch_of(context.plan.id), await self._head(context)
        if head is None:
            return Undone("nothing", f"{context.repository.id} has no branch {branch}.")
        if head == context.rendering.commit:
            forge = await forge_of(self._forges, context)
            try:
                await forge.move_branch(context.repository, branch, head, None)
            except Stale:
                head = await self._head(context)
            else:
                return Undone("undone", f"Deleted the branch {branch} of {context.repository.id}.")
        return Undone("not_undone", _kept(context, branch, head))

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        head = await self._head(context)
        if head is None:
            return None
        return f"{context.repository.id} has a branch {branch_of(context.plan.id)} at {head}."

    async def _head(self, context: StepContext) -> str | None:
        branch = branch_of(context.plan.id)
        forge = await forge_of(self._forges, context)
        return (await forge.heads(context.repository, [branch]))[branch]


def _taken(context: StepContext, head: str | None) -> Stale:
    branch = branch_of(context.plan.id)
    return Stale(
        f"{context.repository.id} has a branch {branch} at {head} that this plan did not make.",
        hint="Delete that branch, then resume the plan.",
        details={"present": head},
    )


def _kept(context: StepContext, branch: str, head: str | None) -> str:
    return (
        f"Somebody pushed to {branch} of {context.repository.id}: it stands at {head}, not at "
        f"{context.rendering.commit}. Delete it by hand once nobody needs what was pushed."
    )
