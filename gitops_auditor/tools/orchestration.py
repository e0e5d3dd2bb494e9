"""Orchestration: one plan for many repositories, from the analysis to the rollback."""

from pydantic import Field

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.operations import LONGEST_WAIT, Context, Params, Toolset
from gitops_auditor.orchestrator.abridging import abridged
from gitops_auditor.orchestrator.analysis import DependencyAnalysis, analyze
from gitops_auditor.orchestrator.fields import PlanStatus
from gitops_auditor.orchestrator.records import GateEvidence, Plan, PlanSummary, Record
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.orchestrator.store.plans import Filter
from gitops_auditor.orchestrator.views import PlanDetails, PlanOutline, details_of, outline_of
from gitops_auditor.pages import Page, PageParams
from gitops_auditor.repositories.models import ID_PATTERN
from gitops_auditor.tools.plan_asking import approved_in_client, ask_to_approve

toolset = Toolset(
    "orchestration",
    "Plans over repositories",
    "Change many repositories in dependency order, with gates and undo.",
    phase2=True,
)

PlanId = Field(description="Id of a plan.", min_length=1, max_length=64)
Wait = Field(0.0, ge=0, le=LONGEST_WAIT, description="Seconds to wait for it to stop.")
PhaseNumber = Field(description="Number of the phase, from 1.", ge=1, le=10_000)


class CoordinationRequest(PlanRequest):
    """A plan, and whether to execute it at once."""

    execute: bool = Field(False, description="Execute it at once if it needs no approval.")


class AnalysisRequest(Params):
    """The repositories to look at."""

    repositories: list[str] = Field(min_length=1, max_length=1_000, description="Ids.")


class PlanRef(Params):
    """One plan."""

    plan_id: str = PlanId


class PlanLook(PlanRef):
    """Which part of a plan to show."""

    repository_id: str | None = Field(
        None, max_length=600, description="Only this repository, with its diff."
    )
    wait_seconds: float = Wait


class PlanFilter(PageParams):
    """Which plans to list."""

    status: PlanStatus | None = Field(None, description="Only plans in this state.")
    repository_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Only plans that change this repository."
    )


class PlanPage(PageParams, PlanRef):
    """One plan, and how much to list."""


class Execution(PlanRef):
    """A plan to execute, whole."""

    wait_seconds: float = Wait


class PhaseRef(PlanRef):
    """One phase of a plan."""

    phase: int = PhaseNumber


class PhaseExecution(PhaseRef):
    """A phase to execute."""

    parallel: bool = Field(True, description="Whether its repositories may go at once.")
    mcp_servers: list[str] = Field(
        default_factory=list, max_length=20, description="MCP servers it may use; all when empty."
    )
    wait_seconds: float = Wait


class PhaseValidation(PhaseRef):
    """A phase to validate."""

    quality_gates: list[str] | None = Field(
        None, max_length=50, description="Gates in place of the phase's own."
    )
    wait_seconds: float = Wait


class PhaseRollback(PhaseRef):
    """A phase to undo."""

    wait_seconds: float = Wait


class PhaseVerdict(Record):
    """Whether a phase may be built upon: what each gate said. Null: it is not known yet."""

    plan_id: str
    phase: int
    status: str
    passed: bool | None
    reason: str
    evidence: list[GateEvidence]
    next: str


@toolset.operation("POST /api/dependencies/analyze", effect="read", surface="toolset")
async def analyze_dependencies(ctx: Context, params: AnalysisRequest) -> DependencyAnalysis:
    """Analyze how repositories depend on one another: edges with file and line, order, cycles."""
    known = [
        (await ctx.services.repositories.get(repository_id)).id
        for repository_id in params.repositories
    ]
    return analyze(known, await ctx.services.dependencies.edges())


@toolset.operation("POST /api/dependencies/coordinate", effect="write", long=True)
async def create_execution_plan(ctx: Context, params: CoordinationRequest) -> PlanOutline:
    """Plan a change of many repositories: phases in dependency order, real diffs, gates, risk.

    Nothing is published. Where approval is needed, somebody else gives it.
    """
    request = PlanRequest.model_validate(params.model_dump(include=set(PlanRequest.model_fields)))
    plan = await ctx.services.plans.planner.plan(request, ctx.principal.name, ctx.progress)
    if params.execute and (not plan.needs_approval or await approved_in_client(ctx, plan)):
        plan = await ctx.services.plans.runs.execute(plan.id, ctx.principal.name)
    return outline_of(plan)


@toolset.operation("GET /api/dependencies/coordination/{plan_id}")
async def get_execution_plan(ctx: Context, params: PlanLook) -> PlanDetails:
    """Get a plan: phases, each repository's state, diff, gates, undo, and what comes next."""
    plans = ctx.services.plans
    plan = await plans.runs.wait(params.plan_id, params.wait_seconds, ctx.progress)
    if params.repository_id is None:
        return abridged(details_of(plan, None))
    _require_member(plan, params.repository_id)
    diff = await plans.plans.patch(plan.id, params.repository_id)
    if diff is None:
        return abridged(details_of(plan, params.repository_id))
    told = details_of(plan, params.repository_id, diff.text, truncated=diff.truncated)
    return abridged(told)


@toolset.operation("GET /api/dependencies/coordination", surface="toolset")
async def list_execution_plans(ctx: Context, params: PlanFilter) -> Page[PlanSummary]:
    """List plans, newest first."""
    return await ctx.services.plans.plans.list(Filter(params.status, params.repository_id), params)


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/execute",
    effect="destroy",
    idempotent=True,
    open_world=True,
)
async def execute_plan(ctx: Context, params: Execution) -> PlanOutline:
    """Execute a plan phase by phase, gates after each; failure is undone."""
    await ask_to_approve(ctx, params.plan_id)
    await ctx.services.plans.runs.execute(params.plan_id, ctx.principal.name)
    return outline_of(await _waited_for(ctx, params))


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/phases/{phase}/execute",
    effect="destroy",
    surface="toolset",
    idempotent=True,
    open_world=True,
)
async def execute_phase(ctx: Context, params: PhaseExecution) -> PlanOutline:
    """Execute one phase and nothing else; call validate_results then. Out of order is refused."""
    await ctx.services.plans.runs.execute_phase(
        params.plan_id,
        params.phase,
        ctx.principal.name,
        parallel=params.parallel,
        servers=params.mcp_servers,
    )
    return outline_of(await _waited_for(ctx, params))


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/phases/{phase}/validate",
    effect="write",
    surface="toolset",
    idempotent=True,
)
async def validate_results(ctx: Context, params: PhaseValidation) -> PhaseVerdict:
    """Ask the quality gates about what an executed phase made; warnings do not fail."""
    await ctx.services.plans.runs.validate(
        params.plan_id, params.phase, ctx.principal.name, params.quality_gates
    )
    return _verdict(await _waited_for(ctx, params), params.phase)


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/phases/{phase}/rollback",
    effect="destroy",
    surface="toolset",
    idempotent=True,
    open_world=True,
)
async def rollback_phase(ctx: Context, params: PhaseRollback) -> PlanOutline:
    """Undo one phase and verify it; what cannot be undone is named. Later phases come first."""
    await ctx.services.plans.runs.rollback(params.plan_id, params.phase, ctx.principal.name)
    return outline_of(await _waited_for(ctx, params))


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/resume",
    effect="destroy",
    surface="toolset",
    idempotent=True,
    open_world=True,
)
async def resume_plan(ctx: Context, params: Execution) -> PlanOutline:
    """Let a held plan go on where it stopped; what errored is tried again."""
    await ctx.services.plans.runs.resume(params.plan_id, ctx.principal.name)
    return outline_of(await _waited_for(ctx, params))


@toolset.operation(
    "POST /api/dependencies/coordination/{plan_id}/cancel",
    effect="write",
    surface="toolset",
    idempotent=True,
)
async def cancel_plan(ctx: Context, params: PlanRef) -> PlanOutline:
    """Give a plan up; one that runs stops after its present steps and is held."""
    return outline_of(await ctx.services.plans.runs.cancel(params.plan_id, ctx.principal.name))


async def _waited_for(
    ctx: Context, params: Execution | PhaseExecution | PhaseValidation | PhaseRollback
) -> Plan:
    return await ctx.services.plans.runs.wait(params.plan_id, params.wait_seconds, ctx.progress)


def _require_member(plan: Plan, repository_id: str) -> None:
    if repository_id not in {one.repository_id for one in plan.renderings}:
        raise InvalidRequest(
            f"{repository_id} is not in the plan {plan.id}.",
            hint="Leave it out to see which repositories are.",
        )


def _verdict(plan: Plan, number: int) -> PhaseVerdict:
    phase = plan.phase(number)
    judged = {"completed": True, "failed": False, "errored": False}
    return PhaseVerdict(
        plan_id=plan.id,
        phase=number,
        status=phase.status,
        passed=judged.get(phase.status),
        reason=phase.reason,
        evidence=phase.evidence,
        next=outline_of(plan).next,
    )
