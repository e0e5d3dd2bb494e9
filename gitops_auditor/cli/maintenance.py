"""`gitops-auditor maintenance`: chores for a timer."""

import base64
from typing import Any

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.report_files import keep_report
from gitops_auditor.cli.session import call, call_long, with_platform
from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.quality.trend_models import ReportFormat

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


@app.command("save-pipelines")
def save_pipelines() -> None:
    """Save the definitions that the platform holds at PIPELINE_STORAGE_URL."""

    async def body(platform: Platform) -> Any:
        return await call(platform, "save_pipelines")

    line(f"{len(with_platform(body).pipelines)} pipelines saved.")


@app.command("load-pipelines")
def load_pipelines(
    dry_run: bool = typer.Option(False, "--dry-run", help="Only list what is to change."),
) -> None:
    """Create and update pipelines from the definitions saved at PIPELINE_STORAGE_URL."""

    async def body(platform: Platform) -> Any:
        return await call(platform, "load_pipelines", dry_run=dry_run)

    done = with_platform(body)
    for word, names in (("create", done.created), ("update", done.updated)):
        for name in names:
            line(f"{word if dry_run else f'{word}d'} {plain(name)}")
    for problem in done.problems:
        line(f"left {plain(problem.repository_id)}: {plain(problem.name)}: {plain(problem.reason)}")
    if done.problems:
        raise typer.Exit(1)


@app.command("generate-report")
def generate_report(
    report_format: ReportFormat = typer.Option("html", "--format", help="Kind of file."),
    days: int = typer.Option(30, min=1, help="Days that it covers, until now."),
    repository: list[str] = typer.Option([], "--repository", "-r", help="Only of these."),
    output: str | None = typer.Option(
        None, "--output", "-o", help="File or URL to write; else one at GITOPS_REPORTS_URL."
    ),
) -> None:
    """Write a report of what quality gates said: summary, trends, what failed and where."""

    async def body(platform: Platform) -> str:
        made = await call(
            platform,
            "generate_quality_report",
            format=report_format,
            days=days,
            repositories=repository or None,
        )
        content = made.content.encode()
        whole = base64.b64decode(content) if made.encoding == "base64" else content
        return await keep_report(platform, made.file_name, whole, output)

    line(plain(with_platform(body)))
