"""`gitops-auditor runs`: the runs there were, or one of them with its jobs."""

from datetime import datetime

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.following import COLOURS
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import console, line, plain, print_json
from gitops_auditor.pages import Page
from gitops_auditor.pipelines.records import JobRun, Run, RunSummary
from gitops_auditor.pipelines.states import RunStatus


def command(
    run_id: str = typer.Argument("", help="A run to show with its jobs; else they are listed."),
    pipeline: str = typer.Option(None, help="Only runs of this pipeline."),
    repository: str = typer.Option(None, help="Only runs of this repository."),
    status: RunStatus = typer.Option(None, help="Only runs in this state."),
    limit: int = typer.Option(20, min=1, max=200, help="Most runs to list."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """List runs, newest first, or show one."""

    async def body(platform: Platform) -> Page[RunSummary] | Run:
        if run_id:
            shown: Run = await call(platform, "get_run", run_id=run_id)
            return shown
        listed: Page[RunSummary] = await call(
            platform,
            "list_runs",
            pipeline_id=pipeline,
            repository_id=repository,
            status=status,
            limit=limit,
        )
        return listed

    found = with_platform(body)
    if as_json:
        print_json(found)
    elif isinstance(found, Run):
        show(found)
    else:
        _list(found)


def show(run: Run) -> None:
    """A run and its jobs for people."""
    line(f"[bold]{plain(run.pipeline_name)}[/bold] run {run.run_number}: {_status(run.status)}")
    facts = {
        "id": run.id,
        "repository": run.repository_id,
        "commit": (run.commit_sha or "")[:12],
        "ref": run.ref,
        "started by": run.created_by,
        "trigger": run.trigger_type,
        "isolation": run.isolation,
        "reason": run.reason,
        "waits for": ", ".join(run.awaiting_approval),
    }
    for name, value in facts.items():
        if value:
            line(f"  [dim]{name}[/dim] {plain(value)}")
    for stage in run.stages:
        line(f"{_status(stage.status)} [bold]{plain(stage.name)}[/bold]")
        for job in stage.jobs:
            line(f"  {_status(job.status)} {plain(job.job)} {plain(_remark(job))}")


def _list(page: Page[RunSummary]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    if not page.items:
        line("There are no such runs.")
        return
    table = Table(box=SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name in ("id", "repository", "run", "status", "trigger", "ref", "started", "seconds"):
        table.add_column(name, overflow="fold")
    for run in page.items:
        table.add_row(
            run.id,
            plain(run.repository_id),
            str(run.run_number),
            _status(run.status),
            run.trigger_type or "",
            plain(run.ref),
            _moment(run.started_at),
            "" if run.duration_seconds is None else f"{run.duration_seconds:.1f}",
        )
    console().print(table)


def _status(status: str) -> str:
    return f"[{COLOURS[status]}]{status}[/]"


def _moment(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _remark(job: JobRun) -> str:
    seconds = job.figures.get("seconds")
    took = f"{seconds:.1f} s" if isinstance(seconds, int | float) else ""
    tries = f"attempt {job.attempt}" if job.attempt > 1 else ""
    return " ".join(part for part in (took, tries, job.reason) if part)
