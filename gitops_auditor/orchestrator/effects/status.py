"""The commit status that says which pull requests have to be merged before."""

from typing_extensions import override

from gitops_auditor.orchestrator.effects.effect import Effect, Facts, StepContext, Undone
from gitops_auditor.orchestrator.effects.names import ORDER_CONTEXT
from gitops_auditor.orchestrator.effects.reach import forge_of, statuses_of
from gitops_auditor.orchestrator.forges.forge import CommitStatus, Forges
from gitops_auditor.orchestrator.merge_order import MergeOrder


class StatusEffect(Effect):
    """No forge deletes a status: undoing it says that the plan was undone."""

    def __init__(self, forges: Forges, order: MergeOrder) -> None:
        self._forges = forges
        self._order = order

    @override
    async def observe(self, context: StepContext) -> Facts:
        return {"context": ORDER_CONTEXT, "commit": context.rendering.commit}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        status = await self._order.status(context.plan, context.repository.id)
        await self._set(context, status)
        return {
            "context": status.context,
            "commit": context.rendering.commit,
            "state": status.state,
            "description": status.description,
        }

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        await self._set(context, CommitStatus(ORDER_CONTEXT, "error", "The plan was undone"))
        said = f"The status {ORDER_CONTEXT} in {context.repository.id} says that it was undone."
        return Undone("undone", said)

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        return None

    async def _set(self, context: StepContext, status: CommitStatus) -> None:
        forge = statuses_of(await forge_of(self._forges, context))
        await forge.set_status(context.repository, context.rendering.commit, status)
