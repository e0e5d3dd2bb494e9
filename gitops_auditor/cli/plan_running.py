"""`gitops-auditor plan approve|execute|phase|validate|rollback|resume|cancel`."""

from collections.abc import Iterator
from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.plan_details import whole_plan
from gitops_auditor.cli.plan_showing import show_details, show_outline
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import line, plain, print_json, visible
from gitops_auditor.orchestrator.records import PlanSummary
from gitops_auditor.orchestrator.views import PlanDetails, PlanOutline

WAIT_SECONDS = 1.0
WORKING = frozenset({"executing", "rolling_back"})
WELL = frozenset({"completed", "paused", "rolled_back", "planned", "cancelled"})
UNDONE = frozenset({"rolled_back", "not_started", "pending"})

PlanId = typer.Argument(help="Id of the plan.")
Phase = typer.Argument(min=1, help="Number of the phase.")
AsJson = typer.Option(False, "--json", help="Print one JSON object.")
Detach = typer.Option(False, "--detach", "-d", help="Start it, and do not wait.")


def approve(
    plan_id: str = PlanId,
    plan_hash: str = typer.Argument(help="Its hash, or the first 12 digits, as you read it."),
    comment: str = typer.Option("", "--comment", "-m", help="Why you agree."),
) -> None:
    """Approve a plan that somebody else asked for, exactly as it is."""

    async def body(platform: Platform) -> PlanSummary:
        found: PlanSummary = await call(
            platform, "approve_plan", plan_id=plan_id, hash=plan_hash, comment=comment
        )
        return found

    plan = with_platform(body)
    line(f"[bold]{plain(plan.title)}[/bold] is approved.")


def execute(plan_id: str = PlanId, detach: bool = Detach, as_json: bool = AsJson) -> None:
    """Execute a plan phase by phase, with its gates; a failure is undone by the plan's policy."""
    _follow("execute_plan", detach=detach, as_json=as_json, plan_id=plan_id)


def phase(
    plan_id: str = PlanId,
    number: int = Phase,
    parallel: bool = typer.Option(True, help="Change its repositories at once."),
    detach: bool = Detach,
    as_json: bool = AsJson,
) -> None:
    """Execute one phase only; `validate` asks its gates then."""
    _follow(
        "execute_phase",
        detach=detach,
        as_json=as_json,
        plan_id=plan_id,
        phase=number,
        parallel=parallel,
    )


def verify(plan_id: str = PlanId, number: int = Phase, as_json: bool = AsJson) -> None:
    """Ask the gates about what a phase made."""
    _follow("validate_results", detach=False, as_json=as_json, plan_id=plan_id, phase=number)


def rollback(
    plan_id: str = PlanId, number: int = Phase, detach: bool = Detach, as_json: bool = AsJson
) -> None:
    """Undo a phase, and verify that all is as it was."""
    _follow("rollback_phase", detach=detach, as_json=as_json, plan_id=plan_id, phase=number)


def resume(plan_id: str = PlanId, detach: bool = Detach, as_json: bool = AsJson) -> None:
    """Let a held plan go on where it stopped."""
    _follow("resume_plan", detach=detach, as_json=as_json, plan_id=plan_id)


def cancel(plan_id: str = PlanId) -> None:
    """Give a plan up; one that runs stops after its present steps."""

    async def body(platform: Platform) -> PlanOutline:
        found: PlanOutline = await call(platform, "cancel_plan", plan_id=plan_id)
        return found

    show_outline(with_platform(body))


def _follow(operation: str, *, detach: bool, as_json: bool, **arguments: Any) -> None:
    async def body(platform: Platform) -> PlanDetails:
        told = {*_news(await whole_plan(platform, arguments["plan_id"]))}
        await call(platform, operation, **arguments)
        plan = await whole_plan(platform, arguments["plan_id"])
        while not detach and plan.status in WORKING:
            _tell(plan, told, silent=as_json)
            plan = await whole_plan(platform, plan.id, WAIT_SECONDS)
        _tell(plan, told, silent=as_json)
        return plan

    plan = with_platform(body)
    if as_json:
        print_json(plan)
    else:
        show_details(plan)
    if not detach and not _went_well(plan, operation, arguments.get("phase")):
        raise typer.Exit(1)


def _went_well(plan: PlanDetails, operation: str, number: int | None) -> bool:
    """A phase that was undone has served, although its plan is held with the earlier ones."""
    if operation == "rollback_phase":
        return all(one.status in UNDONE for one in plan.phases if one.number == number)
    return plan.status in WELL


def _tell(plan: PlanDetails, told: set[str], *, silent: bool) -> None:
    """What happened since the last look, a line each."""
    for news in _news(plan):
        if news not in told:
            told.add(news)
            if not silent:
                typer.echo(visible(news), err=True)


def _news(plan: PlanDetails) -> Iterator[str]:
    for one in plan.repositories:
        for step in one.steps:
            if not step.startswith("pending"):
                yield f"phase {one.phase} {one.repository_id}: {step}"
