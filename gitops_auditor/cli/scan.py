"""`gitops-auditor scan`: find out what repositories depend on."""

from pathlib import Path

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call_long, with_platform
from gitops_auditor.cli.terminal import line, plain, print_json_value
from gitops_auditor.dependencies.models import FileProblem, ScanReport
from gitops_auditor.errors import NotFound
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
            print_json_value(await _as_object(platform, report, discovered))
        else:
            show(report, discovered)

    with_platform(body)


async def discover(platform: Platform, workspace: Path) -> DiscoveryReport:
    """Register what is under a folder. Raises NotFound when there is no repository."""
    found: DiscoveryReport = await call_long(
        platform, "discover_repositories", "Looking for repositories", workspace=str(workspace)
    )
    if not (found.registered or found.updated or found.unchanged or found.skipped):
        raise NotFound(
            f"There are no git repositories under {workspace}.",
            hint="Name a folder that holds some.",
        )
    return found


def known_ids(found: DiscoveryReport) -> list[str]:
    """Every repository that is there, new or not."""
    return sorted({*found.registered, *found.updated, *found.unchanged})


async def _as_object(
    platform: Platform, report: ScanReport, discovered: DiscoveryReport | None
) -> dict[str, object]:
    """The answer for programs: what is known of the scanned repositories, new or not."""
    wanted = set(known_ids(discovered)) if discovered else None
    known = platform.services.dependencies
    edges = [one for one in await known.edges() if not wanted or one.source_repo in wanted]
    problems = [one for one in await known.problems() if not wanted or one.repository in wanted]
    skipped = discovered.skipped if discovered else []
    return {
        "dependencies": [edge.model_dump(mode="json", include=SHOWN_FIELDS) for edge in edges],
        "problems": [problem.model_dump(mode="json") for problem in problems],
        "skipped": [one.model_dump(mode="json") for one in skipped],
        "report": report.model_dump(mode="json", exclude={"problems"}),
    }


def show(report: ScanReport, discovered: DiscoveryReport | None) -> None:
    """The answer for people."""
    if discovered is not None:
        show_skipped(discovered)
    line(
        f"{report.repositories} repositories, {report.dependencies} dependencies,"
        f" {report.internal} of them on one another"
        f" ({report.added} added, {report.updated} updated, {report.removed} removed)."
    )
    for problem in report.problems[:PROBLEMS_SHOWN]:
        line(f"[yellow]not read {plain(_place(problem))}: {plain(problem.message)}")
    if report.problems_total > PROBLEMS_SHOWN:
        line(f"... and {report.problems_total - PROBLEMS_SHOWN} more.")


def show_skipped(discovered: DiscoveryReport) -> None:
    """What was found but not registered, and what was not found."""
    for skipped in discovered.skipped:
        line(f"[yellow]skipped {plain(skipped.path)}: {plain(skipped.reason)}")
    for gone in discovered.missing:
        line(f"[yellow]{plain(gone)} is registered but not there any more")
    if not discovered.complete:
        line("[yellow]There are too many folders; some were not looked into.")


def _place(problem: FileProblem) -> str:
    """The file with line and column where they are known; the repository when it is the problem."""
    position = f":{problem.line}:{problem.column}" if problem.line else ""
    return f"{problem.repository}/{problem.file}{position}" if problem.file else problem.repository
