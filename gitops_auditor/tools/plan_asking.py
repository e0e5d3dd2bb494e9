"""Asks the person at the client to approve a plan, where an answer from there may count.

It proves no person, so it counts where PLAN_LOCAL_APPROVAL lets who asked for a plan approve it,
and is kept as unprotected.
"""

from typing import Final

from gitops_auditor.errors import GitOpsError
from gitops_auditor.operations import Context
from gitops_auditor.orchestrator.records import Plan

COMMENT: Final = "Given in the client, which was asked when the plan was to be executed."


async def ask_to_approve(ctx: Context, plan_id: str) -> None:
    """Have the plan approved, if it needs that and somebody agrees; else nothing changes.

    Raises NotFound.
    """
    if _may_count(ctx):
        await approved_in_client(ctx, await ctx.services.plans.plans.get(plan_id))


async def approved_in_client(ctx: Context, plan: Plan) -> bool:
    """Whether the plan is approved, or was approved by who was asked just now."""
    if plan.approved:
        return True
    can_start = plan.needs_approval and plan.status == "planned"
    is_own = plan.requested_by == ctx.principal.name
    if not (_may_count(ctx) and can_start and is_own and await _is_fresh(ctx, plan)):
        return False
    if await ctx.ask(_question(plan)) != "accepted":
        return False
    await ctx.services.plans.approvals.approve(plan.id, plan.hash, ctx.principal, COMMENT)
    return True


def _may_count(ctx: Context) -> bool:
    return ctx.services.settings.plan_local_approval and ctx.principal.kind == "local"


async def _is_fresh(ctx: Context, plan: Plan) -> bool:
    try:
        await ctx.services.plans.freshness.require(plan)
    except GitOpsError:
        # Executing it says so itself, in its own order.
        return False
    return True


def _question(plan: Plan) -> str:
    repositories = ", ".join(one.repository_id for one in plan.renderings[:10])
    more = len(plan.renderings) - 10
    others = f" and {more} more" if more > 0 else ""
    return (
        f"Approve plan {plan.id} with hash {plan.hash}? It changes {repositories}{others}"
        f" in {len(plan.phases)} phases. Its title: {' '.join(plan.title.split())}"
    )
