"""`gitops-auditor conflicts`: where repositories require versions that exclude one another."""

from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, console, print_json, with_platform
from gitops_auditor.dependencies.conflict_models import Conflict, Holder

COLOURS = {"critical": "red", "high": "red", "medium": "yellow", "low": "dim"}


def command(
    repository: str = typer.Argument(
        None, help="Only conflicts in which this repository takes part."
    ),
    external: bool = typer.Option(True, help="Also packages that no repository provides."),
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
            limit=limit,
        )
        if as_json:
            print_json(page)
        else:
            show(page)

    with_platform(body)


def show(page: Any) -> None:
    """Each conflict with its holders and its resolution."""
    out = console()
    counts = ", ".join(f"{count} {kind}" for kind, count in page.by_kind.items() if count)
    out.print(f"\n[bold]Version conflicts[/bold]: {counts or 'none'} in {page.packages} packages.")
    for conflict in page.items:
        _show_one(conflict)
    if page.next_cursor:
        out.print(f"[dim]{page.total - len(page.items)} more; raise --limit.")


def _show_one(conflict: Conflict) -> None:
    out = console()
    colour = COLOURS[conflict.severity]
    provided = f", {conflict.provider} is at {', '.join(conflict.provided_versions)}"
    out.print(
        f"\n[{colour}]{conflict.kind}[/{colour}] [bold]{conflict.name}[/bold]"
        f" ({conflict.ecosystem}{provided if conflict.provided_versions else ''})"
    )
    for holder in conflict.holders:
        out.print(f"  {_place(holder):<52} {holder.constraint}", soft_wrap=True)
    if conflict.resolution is None:
        out.print(f"  [yellow]No resolution:[/yellow] {conflict.unresolvable}")
        return
    for edit in conflict.resolution.edits:
        out.print(
            f"  [green]fix[/green] {edit.repository}/{edit.file}:{edit.line}"
            f"  {edit.constraint} -> {edit.proposed}",
            soft_wrap=True,
        )


def _place(holder: Holder) -> str:
    return f"{holder.repository}/{holder.file}:{holder.line}"
