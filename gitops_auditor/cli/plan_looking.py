"""`gitops-auditor plan list|show|diff|rehearse`: look at plans."""

from typing import Final

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.plan_details import whole_plan
from gitops_auditor.cli.plan_showing import coloured, show_details
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import console, line, plain, points, print_json, visible
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.fields import PlanStatus
from gitops_auditor.orchestrator.records import Patch, PlanSummary
from gitops_auditor.orchestrator.rehearsal import Rehearsal
from gitops_auditor.pages import Page

PlanId = typer.Argument(help="Id of the plan.")
NARROW: Final = 90
"""Columns below which a table of plans breaks its words."""
COLOUR_OF: Final = {"+": "green", "-": "red", "@": "cyan"}
"""Of a line of a diff, by how it begins."""
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
    elif page.items and console().width < NARROW:
        _lines(page)
    elif page.items:
        _table(page)
    else:
        line("There are no such plans.")


def show(plan_id: str = PlanId, as_json: bool = AsJson) -> None:
    """Show a plan with what it comes to in each repository, and what comes next."""
    plan = with_platform(lambda platform: whole_plan(platform, plan_id))
    if as_json:
        print_json(plan)
    else:
        show_details(plan)


def diff(
    plan_id: str = PlanId,
    repository: str = typer.Argument(None, help="Only of this repository."),
) -> None:
    """Print the diffs that a plan makes, as they were rendered."""

    async def body(platform: Platform) -> list[tuple[str, Patch]]:
        plan = await whole_plan(platform, plan_id)
        named = [one.repository_id for one in plan.repositories]
        if repository and repository not in named:
            raise InvalidRequest(
                f"{repository} is not in the plan {plan_id}.",
                hint=f"In it are: {', '.join(named)}.",
            )
        plans = platform.services.plans.plans
        wanted = [repository] if repository else named
        found = [(one, await plans.patch(plan_id, one)) for one in wanted]
        return [(one, patch) for one, patch in found if patch is not None and patch.text]

    patches = with_platform(body)
    if not patches:
        raise InvalidRequest("There is no diff.", hint="Nothing was rendered there; show the plan.")
    for name, patch in patches:
        if len(patches) > 1:
            typer.secho(f"# {visible(name)}", bold=True)
        _show_patch(patch)


def _show_patch(patch: Patch) -> None:
    for text in patch.text.removesuffix("\n").split("\n"):
        # A tab is what it is: what is printed can be given to `git apply`.
        shown = "\t".join(visible(part) for part in text.split("\t"))
        typer.secho(shown, fg=COLOUR_OF.get(text[:1]))
    if patch.truncated:
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


def _lines(page: Page[PlanSummary]) -> None:
    for one in page.items:
        line(f"{one.id} {coloured(one.status)} [bold]{plain(one.title)}[/bold]")
        approval = _approval(one)
        approved = f", approval {approval}" if approval else ""
        counted = f"repositories {one.repositories}, phases {one.phases}"
        line(f"  [dim]{counted}{approved}, asked by {plain(one.requested_by)}[/dim]")


def _approval(one: PlanSummary) -> str:
    if one.approved:
        return "given"
    return "needed" if one.needs_approval else ""


def _table(page: Page[PlanSummary]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in ("id", "title", "status", "repositories", "phases", "approval", "asked by"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for one in page.items:
        table.add_row(
            one.id,
            plain(one.title),
            coloured(one.status),
            str(one.repositories),
            str(one.phases),
            _approval(one),
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
