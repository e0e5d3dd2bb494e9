"""Plans as a whole, for the terminal: what a conversation cannot hold, it can."""

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call
from gitops_auditor.orchestrator.views import PlanDetails, details_of


async def whole_plan(platform: Platform, plan_id: str, seconds: float = 0.0) -> PlanDetails:
    """The plan with every repository, once it has stopped or after so many seconds."""
    await call(platform, "get_execution_plan", plan_id=plan_id, wait_seconds=seconds)
    return details_of(await platform.services.plans.plans.get(plan_id), None)
