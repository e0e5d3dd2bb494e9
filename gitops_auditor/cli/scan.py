"""`gitops-auditor scan`: find out what repositories depend on."""

from pathlib import Path
from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call_long, print_json_value, with_platform
from gitops_auditor.dependencies.models import Dependency, ScanReport
from gitops_auditor.repositories.models import DiscoveryReport

SHOWN_FIELDS = {
    "source_repo",
    "target_repo",
    "dependency_type",
    "name",
    "version_constraint",
    "constraint_kind",
    "scope",
    "impact_level",
    "confidence",
    "file",
    "line",
    "source_package",
    "target_package",
}
PROBLEMS_SHOWN = 10


def command(
    path: Path | None = typer.Argument(
        None,
        help="Folder with repositories; they are registered. Without it, all registered ones.",
        resolve_path=True,
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
    worktree: bool = typer.Option(
        False, "--worktree", help="Read uncommitted files instead of the commit at HEAD."
    ),
) -> None:
    """Scan repositories and show what changed."""

    async def body(platform: Platform) -> None:
        discovered = await discover(platform, path) if path else None
        ids = known_ids(discovered) if discovered else None
        report = await call_long(
            platform, "scan_dependencies", "Scanning", repositories=ids, worktree=worktree or None
        )
        if as_json:
            edges = await platform.services.dependencies.edges()
            print_json_value(as_object(report, edges, ids, discovered))
        else:
            show(report, discovered)

    with_platform(body)


async def discover(platform: Platform, workspace: Path) -> DiscoveryReport:
    """Register what is under a folder."""
    found: DiscoveryReport = await call_long(
        platform, "discover_repositories", "Looking for repositories", workspace=str(workspace)
    )
    return found


def known_ids(found: DiscoveryReport) -> list[str]:
    """Every repository that is there, new or not."""
    return sorted({*found.registered, *found.updated, *found.unchanged})


def as_object(
    report: ScanReport,
    edges: Any,
    ids: list[str] | None,
    discovered: DiscoveryReport | None,
) -> dict[str, object]:
    """The answer for programs: the dependencies of the scanned repositories, and the report."""
    wanted = None if ids is None else set(ids)
    shown = [edge for edge in edges if wanted is None or edge.source_repo in wanted]
    return {
        "dependencies": [_plain(edge) for edge in shown],
        "problems": [problem.model_dump(mode="json") for problem in report.problems],
        "skipped": [one.model_dump(mode="json") for one in discovered.skipped]
        if discovered
        else [],
        "report": report.model_dump(mode="json", exclude={"problems"}),
    }


def _plain(edge: Dependency) -> dict[str, object]:
    return edge.model_dump(mode="json", include=SHOWN_FIELDS)


def show(report: ScanReport, discovered: DiscoveryReport | None) -> None:
    """The answer for people."""
    if discovered is not None:
        for skipped in discovered.skipped:
            typer.secho(f"skipped {skipped.path}: {skipped.reason}", fg=typer.colors.YELLOW)
    typer.echo(
        f"{report.repositories} repositories, {report.dependencies} dependencies,"
        f" {report.internal} of them on one another"
        f" ({report.added} added, {report.updated} updated, {report.removed} removed)."
    )
    for problem in report.problems[:PROBLEMS_SHOWN]:
        place = f"{problem.repository}/{problem.file}:{problem.line}:{problem.column}"
        typer.secho(f"not read {place}: {problem.message}", fg=typer.colors.YELLOW)
    if report.problems_total > PROBLEMS_SHOWN:
        typer.echo(f"... and {report.problems_total - PROBLEMS_SHOWN} more files.")
