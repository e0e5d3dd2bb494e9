"""`gitops-auditor impact`: what a change of one repository means for the others."""

from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, console, print_json, with_platform
from gitops_auditor.dependencies.impact_models import Effect, ImpactReport

COLOURS = {"critical": "red", "high": "red", "medium": "yellow", "low": "green"}
VERDICTS = {True: "[green]yes[/green]", False: "[red]no[/red]", None: "[dim]?[/dim]"}


def command(
    repository: str = typer.Argument(help="The repository that changes."),
    change_type: str = typer.Option("major", "--type", "-t", help="Kind of change, such as major."),
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
    from rich.table import Table

    out, change, risk = console(), report.change, report.risk
    what = f"{change.change_type} change of {change.repository} {change.version or ''}".rstrip()
    colour = COLOURS[risk.level]
    out.print(
        f"\n[bold]Impact of a {what}[/bold]: [{colour}]{risk.level}[/{colour}] {risk.score}/100"
    )
    for factor in risk.factors:
        out.print(f"  {factor.points:>3}  {factor.reason}")
    table = Table(header_style="bold")
    for name in ("repository", "distance", "scope", "accepts it", "evidence"):
        table.add_column(name)
    for effect in [*report.direct, *report.transitive]:
        table.add_row(*_row(effect))
    if report.affected_repositories:
        out.print(table)
    _show_order(report)


def _row(effect: Effect) -> tuple[str, ...]:
    first = effect.path[0]
    evidence = f"{first.file}:{first.line} {first.name} {first.constraint}"
    verdict = VERDICTS[effect.admits]
    return (effect.repository, str(effect.distance), effect.scope.value, verdict, evidence)


def _show_order(report: ImpactReport) -> None:
    out = console()
    order = " -> ".join(", ".join(phase.nodes) for phase in report.update_order)
    out.print(f"[bold]Update order[/bold]: {order}")
    for sentence in report.recommendations:
        out.print(f"  - {sentence}")
    if report.truncated:
        out.print(f"[yellow]{report.beyond_depth} more repositories lie deeper; raise --depth.")
