"""`gitops-auditor logs`: what the jobs of a run wrote."""

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.following import RunFollower
from gitops_auditor.cli.session import with_platform


def command(
    run_id: str = typer.Argument(help="Id of the run."),
    job: str = typer.Option(None, "--job", "-j", help="Only this job, as stage/job."),
    follow: bool = typer.Option(False, "--follow", "-f", help="Go on until the run is over."),
) -> None:
    """Show the logs of a run, job by job."""

    async def body(platform: Platform) -> None:
        follower = RunFollower(platform, run_id, job)
        if follow:
            await follower.follow()
        else:
            await follower.show()

    with_platform(body)
