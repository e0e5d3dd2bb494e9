"""`gitops-auditor plan`: change many repositories in order, with gates, approval and undo."""

import typer

from gitops_auditor.cli.plan_looking import diff, list_plans, rehearse, show
from gitops_auditor.cli.plan_making import bump, pipeline, script
from gitops_auditor.cli.plan_running import (
    approve,
    cancel,
    execute,
    phase,
    resume,
    rollback,
    verify,
)

app = typer.Typer(help="Change many repositories by one plan.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Plan a change of many repositories, look at it, have it approved, execute and undo it."""


app.command("bump")(bump)
app.command("script")(script)
app.command("pipeline")(pipeline)
app.command("list")(list_plans)
app.command("show")(show)
app.command("diff")(diff)
app.command("rehearse")(rehearse)
app.command("approve")(approve)
app.command("execute")(execute)
app.command("phase")(phase)
app.command("validate")(verify)
app.command("rollback")(rollback)
app.command("resume")(resume)
app.command("cancel")(cancel)
