"""`gitops-auditor validate`: what is wrong with a pipeline file, or what it comes to."""

from pathlib import Path

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import line, plain, print_json, read_file
from gitops_auditor.pipelines.resolution import Resolution
from gitops_auditor.pipelines.trigger_models import EventType
from gitops_auditor.pipelines.validation import Validation

COLOURS = {"run": "green", "skip": "dim", "depends": "yellow"}
INVALID = 1


def command(
    file: Path = typer.Argument(Path(".gitops/pipeline.yaml"), help="The definition."),
    event: EventType = typer.Option("manual", "--event", "-e", help="What is to have happened."),
    branch: str = typer.Option("", "--branch", "-b", help="Branch of the event."),
    tag: str = typer.Option("", "--tag", help="Tag of the event."),
    base_branch: str = typer.Option("", "--base-branch", help="Target of a pull request."),
    action: str = typer.Option("", "--action", help="Action of a pull request, e.g. opened."),
    repository: str = typer.Option(
        None, "--repository", help="Registered repository whose files conditions ask about."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Check a pipeline file, and say of each job why an event makes it run or skips it."""
    source = read_file(file)

    async def body(platform: Platform) -> Validation:
        found: Validation = await call(
            platform,
            "validate_pipeline",
            source=source,
            event=event,
            branch=branch,
            tag=tag,
            base_branch=base_branch,
            action=action,
            repository_id=repository,
        )
        return found

    found = with_platform(body)
    if as_json:
        print_json(found)
    else:
        _show(file, found)
    raise typer.Exit(0 if found.valid else INVALID)


def _show(file: Path, found: Validation) -> None:
    for problem in found.problems:
        line(f"[red]{plain(file)}:{problem.line}:{problem.column}[/] {plain(problem.message)}")
    if found.resolution is not None:
        _show_plan(found.resolution)


def _show_plan(plan: Resolution) -> None:
    verdict = "[green]starts[/]" if plan.fires else "[yellow]does not start[/]"
    line(f"{verdict} {plain(plan.reason)}")
    for stage in plan.stages:
        line(f"[bold]{plain(stage.name)}[/bold] [dim]{plain(stage.reason)}[/dim]")
        for job in stage.jobs:
            decision = f"[{COLOURS[job.decision]}]{job.decision:<7}[/]"
            line(f"  {decision} {plain(job.id)} [dim]{plain(job.reason)}[/dim]")
