"""`gitops-auditor conflicts`: where repositories require versions that exclude one another."""

from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import line, plain, print_json, visible
from gitops_auditor.dependencies.conflict_models import Conflict, Holder

COLOURS = {"critical": "red", "high": "red", "medium": "yellow", "low": "dim"}
WIDEST_PLACE = 60


def command(
    repository: str = typer.Argument(
        None, help="Only conflicts in which this repository takes part."
    ),
    external: bool = typer.Option(True, help="Also packages that no repository provides."),
    fixed: list[str] = typer.Option(
        [], help="Repository whose declarations stay as they are; may be repeated."
    ),
    limit: int = typer.Option(20, min=1, max=200, help="Most conflicts to show."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Show version conflicts, who holds what where, and the smallest change that resolves each."""

    async def body(platform: Platform) -> None:
        page = await call(
            platform,
            "list_conflicts",
            repository=repository,
            include_external=external,
            fixed_repositories=fixed,
            limit=limit,
        )
        if as_json:
            print_json(page)
        else:
            show(page)

    with_platform(body)


def show(page: Any) -> None:
    """Each conflict with its holders and its resolution."""
    counts = ", ".join(f"{count} {kind}" for kind, count in page.by_kind.items() if count)
    line(f"\n[bold]Version conflicts[/bold]: {counts or 'none'} in {page.packages} packages.")
    for conflict in page.items:
        _show_one(conflict)
    if page.next_cursor:
        line(f"[dim]{page.total - len(page.items)} more; raise --limit.")


def _show_one(conflict: Conflict) -> None:
    kind = f"[{COLOURS[conflict.severity]}]{conflict.kind}[/]"
    line(f"\n{kind} [bold]{plain(conflict.name)}[/bold] {_where(conflict)}")
    places = [_place(holder) for holder in conflict.holders]
    width = min(max(map(len, places)), WIDEST_PLACE)
    for place, holder in zip(places, conflict.holders, strict=True):
        line(f"  {plain(place.ljust(width))}  {plain(holder.constraint)}")
    if conflict.resolution is None:
        line(f"  [yellow]No resolution:[/yellow] {plain(conflict.unresolvable)}")
        return
    for edit in conflict.resolution.edits:
        place = plain(f"{edit.repository}/{edit.file}:{edit.line}")
        line(f"  [green]fix[/green] {place}  {plain(edit.constraint)} -> {plain(edit.proposed)}")


def _where(conflict: Conflict) -> str:
    if not conflict.provided_versions:
        return f"({conflict.ecosystem})"
    provided = f"{conflict.provider} is at {', '.join(conflict.provided_versions)}"
    return f"({conflict.ecosystem}, {plain(provided)})"


def _place(holder: Holder) -> str:
    return visible(f"{holder.repository}/{holder.file}:{holder.line}")
