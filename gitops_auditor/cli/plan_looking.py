"""`gitops-auditor plan list|show|diff|rehearse`: look at plans."""

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.plan_showing import coloured, show_details
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import console, line, plain, points, print_json, visible
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.fields import PlanStatus
from gitops_auditor.orchestrator.records import PlanSummary
from gitops_auditor.orchestrator.rehearsal import Rehearsal
from gitops_auditor.orchestrator.views import PlanDetails
from gitops_auditor.pages import Page

PlanId = typer.Argument(help="Id of the plan.")
AsJson = typer.Option(False, "--json", help="Print one JSON object.")


def list_plans(
    status: PlanStatus = typer.Option(None, help="Only plans in this state."),
    repository: str = typer.Option(None, help="Only plans that change this repository."),
    limit: int = typer.Option(20, min=1, max=200, help="Most plans to list."),
    as_json: bool = AsJson,
) -> None:
    """List plans, newest first."""

    async def body(platform: Platform) -> Page[PlanSummary]:
        found: Page[PlanSummary] = await call(
            platform,
            "list_execution_plans",
            status=status,
            repository_id=repository,
            limit=limit,
        )
        return found

    page = with_platform(body)
    if as_json:
        print_json(page)
    elif page.items:
        _table(page)
    else:
        line("There are no such plans.")


def show(plan_id: str = PlanId, as_json: bool = AsJson) -> None:
    """Show a plan with what it comes to in each repository, and what comes next."""
    plan = with_platform(lambda platform: _details(platform, plan_id))
    if as_json:
        print_json(plan)
    else:
        show_details(plan)


def diff(
    plan_id: str = PlanId,
    repository: str = typer.Argument(None, help="Only of this repository."),
) -> None:
    """Print the diffs that a plan makes, as they were rendered."""

    async def body(platform: Platform) -> list[PlanDetails]:
        plan = await _details(platform, plan_id)
        named = [one.repository_id for one in plan.repositories]
        wanted = [repository] if repository else named
        return [await _details(platform, plan_id, one) for one in wanted]

    found = [one for one in with_platform(body) if one.diff is not None]
    if not found:
        raise InvalidRequest("There is no diff.", hint="Nothing was rendered there; show the plan.")
    for one in found:
        for text in (one.diff or "").splitlines():
            typer.echo(visible(text))
        if one.diff_truncated:
            typer.echo("The diff is longer; it was cut here.", err=True)


def rehearse(
    plan_id: str = PlanId,
    phase: int = typer.Argument(min=1, help="The phase that fails."),
    as_json: bool = AsJson,
) -> None:
    """Show what a failure of a phase undoes, and what nobody can undo. Nothing is changed."""

    async def body(platform: Platform) -> Rehearsal:
        found: Rehearsal = await call(
            platform, "simulate_phase_failure", plan_id=plan_id, phase=phase
        )
        return found

    rehearsal = with_platform(body)
    if as_json:
        print_json(rehearsal)
    else:
        _show_rehearsal(rehearsal)


async def _details(
    platform: Platform, plan_id: str, repository_id: str | None = None
) -> PlanDetails:
    found: PlanDetails = await call(
        platform, "get_execution_plan", plan_id=plan_id, repository_id=repository_id
    )
    return found


def _table(page: Page[PlanSummary]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in ("id", "title", "status", "repositories", "phases", "approval", "asked by"):
        table.add_column(name, overflow="fold")
    for one in page.items:
        approval = "given" if one.approved else "needed" if one.needs_approval else ""
        table.add_row(
            one.id,
            plain(one.title),
            coloured(one.status),
            str(one.repositories),
            str(one.phases),
            approval,
            plain(one.requested_by),
        )
    console().print(table)


def _show_rehearsal(rehearsal: Rehearsal) -> None:
    line(plain(rehearsal.sentence))
    for title, steps in (
        ("undone, in this order", rehearsal.undone),
        ("to be taken back by hand", rehearsal.by_hand),
    ):
        if steps:
            line(f"[bold]{title}[/bold]")
            points(f"phase {one.phase}, {one.repository_id}: {one.undo}" for one in steps)
    if rehearsal.stays:
        line("[bold]stays[/bold]")
        points(f"phase {one.phase}, {one.repository_id}: {one.title}" for one in rehearsal.stays)
