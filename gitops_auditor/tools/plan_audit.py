"""Orchestration: approving plans, rehearsing failures, proving what was done."""

from pydantic import Field

from gitops_auditor.operations import Context
from gitops_auditor.orchestrator.abridging import abridged_rehearsal
from gitops_auditor.orchestrator.records import LedgerEntry, PlanSummary, ReplayReport
from gitops_auditor.orchestrator.rehearsal import Rehearsal, rehearse
from gitops_auditor.pages import Page
from gitops_auditor.tools.orchestration import PhaseRef, PlanPage, PlanRef, toolset


class ApprovalRequest(PlanRef):
    """An agreement to a plan as it is."""

    hash: str = Field(
        description="The plan's hash, or its first 12 digits or more.",
        pattern=r"^[0-9a-f]{12,64}$",
    )
    comment: str = Field("", max_length=2_000, description="Why.")


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/approve",
    effect="write",
    surface="rest",
    idempotent=True,
)
async def approve_plan(ctx: Context, params: ApprovalRequest) -> PlanSummary:
    """Approve a plan with exactly this hash, which somebody else asked for."""
    approvals = ctx.services.plans.approvals
    return await approvals.approve(params.plan_id, params.hash, ctx.principal, params.comment)


@toolset.operation(
    "GET /api/dependencies/coordination/{plan_id}/phases/{phase}/rehearsal", surface="toolset"
)
async def simulate_phase_failure(ctx: Context, params: PhaseRef) -> Rehearsal:
    """Show what a failure of a phase undoes, in order, what stays, and what nobody can undo."""
    plan = await ctx.services.plans.plans.get(params.plan_id)
    return abridged_rehearsal(rehearse(plan, params.phase))


@toolset.operation("GET /api/dependencies/coordination/{plan_id}/ledger", surface="toolset")
async def list_plan_ledger(ctx: Context, params: PlanPage) -> Page[LedgerEntry]:
    """List a plan's journal: what was there before each effect, what was done and undone."""
    return await ctx.services.plans.plans.ledger(params.plan_id, params)


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/replay",
    effect="write",
    surface="toolset",
    long=True,
    idempotent=True,
)
async def replay_plan(ctx: Context, params: PlanRef) -> ReplayReport:
    """Render a past plan again from its recorded inputs and compare it with what was recorded."""
    return await ctx.services.plans.replayer.replay(params.plan_id, ctx.progress)
