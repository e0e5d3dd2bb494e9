"""`gitops-auditor run`: run a pipeline and watch it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import typer

from gitops_auditor.app import Platform, carrying_out
from gitops_auditor.cli.following import COLOURS, RunFollower
from gitops_auditor.cli.here import checked_out, repository_in
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import line, plain, print_json, visible
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound
from gitops_auditor.pipelines.records import Run, RunProgress

if TYPE_CHECKING:
    from gitops_auditor.tools.pipelines import SyncedFiles

CANCEL_SECONDS = 30.0
FAILED = 1


def command(
    pipeline: str = typer.Argument(
        None, help="Id or name of a pipeline; without it, the only one of the repository."
    ),
    repository: Path = typer.Option(
        Path(), "--repository", "-C", help="Folder of the repository.", resolve_path=True
    ),
    ref: str = typer.Option(None, help="Branch, tag or commit; else what is checked out."),
    worktree: bool = typer.Option(
        False, "--worktree", help="Run on the files as they are, committed or not."
    ),
    given: list[str] = typer.Option([], "--input", "-i", help="An input, as NAME=VALUE."),
    detach: bool = typer.Option(False, "--detach", "-d", help="Start it, and do not wait."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="Show no logs, only how jobs end."),
    as_json: bool = typer.Option(False, "--json", help="Print the run as one JSON object."),
) -> None:
    """Run a pipeline of the repository in this folder, and show its logs while it runs."""
    if worktree and ref:
        raise InvalidRequest("--worktree and --ref exclude each other.", hint="Give one of them.")

    async def body(platform: Platform) -> int:
        chosen = "WORKTREE" if worktree else ref or ""
        if detach:
            request = await _request(platform, pipeline, repository, chosen, given)
            started: RunProgress = await call(platform, "run_pipeline", **request)
            run: Run = await call(platform, "get_run", run_id=started.id)
        else:
            async with carrying_out(platform):
                request = await _request(platform, pipeline, repository, chosen, given)
                started = await call(platform, "run_pipeline", **request)
                follower = RunFollower(platform, started.id, quiet=quiet, silent=as_json)
                run = await _followed(platform, follower)
        if as_json:
            print_json(run)
        else:
            await show_end(platform, run)
        return FAILED if run.status in ("failed", "cancelled") else 0

    raise typer.Exit(with_platform(body))


async def _request(
    platform: Platform, pipeline: str | None, folder: Path, ref: str, given: list[str]
) -> dict[str, Any]:
    inputs = dict(_input(one) for one in given)
    if pipeline is not None and not (folder / ".git").exists():
        found = await platform.services.pipelines.registry.find(pipeline)
        return {"pipeline_id": found.id, "ref": ref or None, "inputs": inputs or None}
    repository_id = await repository_in(platform, folder)
    at = ref or await checked_out(platform, repository_id)
    synced = await call(platform, "sync_pipelines", repository_id=repository_id, ref=at)
    for problem in synced.problems:
        place = "" if problem.reason.startswith(problem.path) else f"{problem.path}: "
        typer.echo(visible(place + problem.reason), err=True)
    found_id = await _chosen(platform, repository_id, pipeline, synced)
    return {"pipeline_id": found_id, "ref": at, "inputs": inputs or None}


async def _chosen(
    platform: Platform, repository_id: str, pipeline: str | None, synced: "SyncedFiles"
) -> str:
    """The id of the pipeline that is named; else of the only one, or the only one of this ref."""
    if pipeline is not None:
        return (await platform.services.pipelines.registry.find(pipeline, repository_id)).id
    page = await call(platform, "list_pipelines", repository_id=repository_id, limit=50)
    if not page.items and synced.problems:
        raise InvalidRequest(
            f"No pipeline of {repository_id} can be run.",
            hint="Correct the file; `gitops-auditor validate FILE` lists every mistake.",
        )
    if not page.items:
        raise NotFound(
            f"{repository_id} has no pipeline.",
            hint="Write .gitops/pipeline.yaml and commit it, or try --worktree.",
        )
    here = [one for one in page.items if one.path in synced.files]
    chosen = page.items if len(here) != 1 else here
    if len(chosen) > 1:
        names = ", ".join(repr(one.name) for one in chosen)
        raise Conflict(f"{repository_id} has several pipelines.", hint=f"Name one: {names}.")
    return str(chosen[0].id)


def _input(text: str) -> tuple[str, str | int | float | bool]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InvalidRequest(f"{text!r} is no input.", hint="Write it as NAME=VALUE.")
    if value in ("true", "false"):
        return name, value == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value


async def _followed(platform: Platform, follower: RunFollower) -> Run:
    """The run at its end; an interrupt cancels it and waits until nothing of it is left."""
    try:
        return await follower.follow()
    except BaseException:
        with anyio.CancelScope(shield=True), anyio.move_on_after(CANCEL_SECONDS):
            await call(platform, "cancel_run", run_id=follower.run_id)
            await follower.follow()
        raise


async def show_end(platform: Platform, run: Run) -> None:
    """How a run ended and, when it failed, why."""
    seconds = f" in {run.duration_seconds:.1f} s" if run.duration_seconds is not None else ""
    line(
        f"[{COLOURS[run.status]}]{run.status}[/] [bold]{plain(run.pipeline_name)}[/bold]"
        f" run {run.run_number}{seconds} [dim]{run.id}[/dim]"
    )
    if run.status == "failed":
        explanation = await call(platform, "explain_failure", run_id=run.id)
        job = f"[bold]{plain(explanation.job)}[/bold]: " if explanation.job else ""
        line(f"{job}{plain(explanation.cause)}")
        for place in explanation.locations[:5]:
            line(f"  {plain(place.file)}:{place.line} {plain(place.message)}")
        line(f"[dim]{plain(explanation.suggestion)}[/dim]")
    elif run.reason:
        line(plain(run.reason))
