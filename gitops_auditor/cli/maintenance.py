"""`gitops-auditor maintenance`: chores for a timer."""

from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, call_long, with_platform
from gitops_auditor.cli.terminal import line, plain

app = typer.Typer(help="Chores for a timer.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Chores for a timer."""


@app.command("refresh-cache")
def refresh_cache() -> None:
    """Scan every registered repository again from its files, ignoring what was cached."""

    async def body(platform: Platform) -> str:
        report = await call_long(platform, "scan_dependencies", "Scanning", refresh=True)
        return f"{report.repositories} repositories scanned, {report.dependencies} dependencies."

    typer.echo(with_platform(body))


@app.command("cleanup-runs")
def cleanup_runs(
    days: int = typer.Option(..., min=0, help="Forget runs that ended this many days ago."),
    keep: int = typer.Option(10, min=0, help="Newest runs to keep of each pipeline."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only list what is to go."),
) -> None:
    """Forget finished runs with their logs and artifacts."""

    async def body(platform: Platform) -> Any:
        return await call(platform, "cleanup_runs", days=days, keep=keep, dry_run=dry_run)

    done = with_platform(body)
    for run in done.runs if dry_run else ():
        line(f"{run.id} {plain(run.repository_id)} run {run.run_number} {run.status}")
    line(f"{done.removed} runs {'are to go' if dry_run else 'are gone'}.")
