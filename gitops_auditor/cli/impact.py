"""`gitops-auditor impact`: what a change of one repository means for the others."""

from collections.abc import Sequence
from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import console, line, plain, points, print_json
from gitops_auditor.dependencies.impact_models import ChangeType, Effect, ImpactReport

COLOURS = {"critical": "red", "high": "red", "medium": "yellow", "low": "green"}
VERDICTS = {True: "[green]yes[/green]", False: "[red]no[/red]", None: "[dim]?[/dim]"}


def command(
    repository: str = typer.Argument(help="The repository that changes."),
    change_type: ChangeType = typer.Option("major", "--type", "-t", help="Kind of change."),
    version: str = typer.Option(None, help="Version to be released."),
    package: str = typer.Option(None, help="Package of the repository that changes; else all."),
    depth: int = typer.Option(None, min=1, help="Steps to follow (DEPENDENCY_ANALYSIS_DEPTH)."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Show who is affected by a change, how badly, and in which order to update."""

    async def body(platform: Platform) -> None:
        asked: dict[str, Any] = {"version": version, "package": package, "depth": depth}
        report = await call(
            platform, "analyze_impact", repository=repository, change_type=change_type, **asked
        )
        if as_json:
            print_json(report)
        else:
            show(report)

    with_platform(body)


def show(report: ImpactReport) -> None:
    """The report for people: risk, effects with evidence, order and recommendations."""
    change, risk = report.change, report.risk
    what = f"{change.change_type} change of {change.repository} {change.version or ''}".rstrip()
    score = f"[{COLOURS[risk.level]}]{risk.level}[/] {risk.score}/100"
    line(f"\n[bold]Impact of a {plain(what)}[/bold]: {score}")
    for factor in risk.factors:
        line(f"  {factor.points:>3}  {plain(factor.reason)}")
    if report.affected_repositories:
        _show_effects([*report.direct, *report.transitive])
    order = " -> ".join(", ".join(phase.nodes) for phase in report.update_order)
    console().print(f"[bold]Update order[/bold]: {plain(order)}")
    points(report.recommendations)
    if report.truncated:
        line(f"[yellow]{report.beyond_depth} more repositories lie deeper; raise --depth.")


def _show_effects(effects: Sequence[Effect]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in ("repository", "steps", "scope", "accepts", "evidence"):
        table.add_column(name, overflow="fold")
    for effect in effects:
        table.add_row(*_row(effect))
    console().print(table)


def _row(effect: Effect) -> tuple[str, ...]:
    first = effect.path[0]
    evidence = plain(f"{first.file}:{first.line} {first.name} {first.constraint}")
    verdict = VERDICTS[effect.admits]
    return plain(effect.repository), str(effect.distance), effect.scope.value, verdict, evidence
