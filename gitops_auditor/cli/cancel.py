"""`gitops-auditor cancel`: end a run."""

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.runs import show
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.pipelines.records import Run

WAIT_SECONDS = 45.0


def command(run_id: str = typer.Argument(help="Id of the run.")) -> None:
    """Cancel a run and wait until nothing of it is left."""

    async def body(platform: Platform) -> Run:
        await call(platform, "cancel_run", run_id=run_id, wait_seconds=WAIT_SECONDS)
        run: Run = await call(platform, "get_run", run_id=run_id)
        return run

    show(with_platform(body))
