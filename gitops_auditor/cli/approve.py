"""`gitops-auditor approve`: let a job go on that waits for somebody."""

import typer

from gitops_auditor.app import Platform
from gitops_auditor.cli.runs import show
from gitops_auditor.cli.session import call, with_platform
from gitops_auditor.pipelines.records import Run


def command(
    run_id: str = typer.Argument(help="Id of the run."),
    job: str = typer.Argument(help="The job that waits, as stage/job."),
    reject: bool = typer.Option(False, "--reject", help="Say no: the job fails."),
    comment: str = typer.Option("", "--comment", "-m", help="Why you decide so."),
) -> None:
    """Approve a job that waits for it, or reject it."""

    async def body(platform: Platform) -> Run:
        await call(
            platform,
            "decide_approval",
            run_id=run_id,
            job=job,
            approve=not reject,
            comment=comment,
        )
        run: Run = await call(platform, "get_run", run_id=run_id)
        return run

    show(with_platform(body))
