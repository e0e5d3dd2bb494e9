"""The part of the demo that changes repositories by plans: one goes through, one is undone."""

from pathlib import Path
from typing import Final

from gitops_auditor.app import Platform, carrying_out
from gitops_auditor.cli.demo_repositories import set_branches
from gitops_auditor.cli.plan_running import WAIT_SECONDS, WORKING
from gitops_auditor.cli.plan_showing import coloured, show_outline
from gitops_auditor.cli.session import call, call_long
from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.orchestrator.records import Plan
from gitops_auditor.orchestrator.views import PlanDetails
from gitops_auditor.pages import PageParams

BRANCH: Final = "next"
GOING_THROUGH: Final = ("typescript", "5.9.3")
UNDONE: Final = ("pydantic", "2.12.0")
LEDGER: Final = PageParams(limit=200)
TOLD: Final = frozenset({"done", "failed", "undone", "not_undone"})


async def carry_out_both(platform: Platform, workspace: Path) -> None:
    """Plan, approve and execute two updates of `next`; gates refuse the second in its last phase.

    The branches start where `main` is, so that the demo can be repeated.
    """
    set_branches(workspace, BRANCH)
    for package, version in (GOING_THROUGH, UNDONE):
        await _carry_out(platform, package, version)
        line()


async def _carry_out(platform: Platform, package: str, version: str) -> None:
    made = await call_long(
        platform,
        "create_execution_plan",
        "Planning",
        change={"kind": "bump", "name": package, "version": version},
        target_branch=BRANCH,
        delivery="merge",
        rollback="all",
    )
    show_outline(made)
    await _show_diff(platform, made.id, made.phases[-1].repositories[-1])
    await call(platform, "approve_plan", plan_id=made.id, hash=made.hash)
    line("[bold]approved[/bold] by who runs the demo, which is marked as unprotected")
    async with carrying_out(platform):
        await call(platform, "execute_plan", plan_id=made.id)
        plan = await _followed(platform, made.id)
    line(f"[bold]{plain(plan.title)}[/bold]: {coloured(plan.status)}")
    if plan.reason:
        line(f"  {plain(plan.reason)}")


async def _show_diff(platform: Platform, plan_id: str, repository_id: str) -> None:
    """The lines that change in one repository, without those around them."""
    plan: PlanDetails = await call(
        platform, "get_execution_plan", plan_id=plan_id, repository_id=repository_id
    )
    line(f"[bold]diff[/bold] {plain(repository_id)}")
    for text in (plan.diff or "").splitlines():
        colour = {"+": "green", "-": "red"}.get(text[:1])
        if colour and not text.startswith(("+++", "---")):
            line(f"  [{colour}]{plain(text)}[/]")


async def _followed(platform: Platform, plan_id: str) -> Plan:
    """The plan once it stopped; meanwhile what its ledger says is shown, in order."""
    services, shown = platform.services, 0
    while True:
        seen = services.database.changes.version
        plan = await services.plans.plans.get(plan_id)
        shown = await _tell(platform, plan, shown)
        if plan.status not in WORKING:
            return plan
        await services.database.changes.wait(seen, WAIT_SECONDS)


async def _tell(platform: Platform, plan: Plan, shown: int) -> int:
    steps = {step.position: step for step in plan.steps}
    ledger = (await platform.services.plans.plans.ledger(plan.id, LEDGER)).items
    for entry in ledger[shown:]:
        if entry.entry in TOLD:
            step = steps[entry.position]
            line(f"  {coloured(entry.entry)} phase {step.phase}: {plain(step.title)}")
    return len(ledger)
