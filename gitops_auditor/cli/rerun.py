"""`gitops-auditor rerun`: repeat a run, or the part of it that failed."""

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.cli.terminal import line
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.records import RunProgress


def command(
    run_id: str = typer.Argument(help="Id of the run to repeat."),
    failed: bool = typer.Option(False, "--failed", help="Only what did not succeed."),
    job: str = typer.Option(None, "--from", help="Only this job and what follows it."),
) -> None:
    """Repeat a finished run at its commit. Follow the new one with `logs -f`."""
    if failed and job:
        raise InvalidRequest("--failed and --from exclude each other.", hint="Give one of them.")
    scope = "failed" if failed else "from_job" if job else "all"

    async def body(platform: Platform) -> RunProgress:
        run: RunProgress = await call(
            platform, "rerun_pipeline", run_id=run_id, scope=scope, job=job
        )
        return run

    run = with_platform(body)
    line(f"{run.status} run {run.run_number} [dim]{run.id}[/dim]")
