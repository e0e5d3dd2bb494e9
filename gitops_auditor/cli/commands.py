"""All commands, listed."""

import typer

from gitops_auditor import __version__
from gitops_auditor.cli import (
    approve,
    audit,
    cancel,
    config,
    conflicts,
    demo,
    doctor,
    executor,
    graph,
    impact,
    logs,
    maintenance,
    migrate,
    openapi,
    repos,
    rerun,
    run,
    runs,
    scan,
    secrets,
    serve,
    stdio,
    token,
    validate,
    worker,
)

app = typer.Typer(
    name="gitops-auditor",
    help="Know how your git repositories depend on one another, and run their pipelines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, module in (
    ("scan", scan),
    ("graph", graph),
    ("impact", impact),
    ("conflicts", conflicts),
    ("run", run),
    ("runs", runs),
    ("logs", logs),
    ("cancel", cancel),
    ("rerun", rerun),
    ("approve", approve),
    ("validate", validate),
    ("serve", serve),
    ("worker", worker),
    ("stdio", stdio),
    ("demo", demo),
    ("doctor", doctor),
    ("migrate", migrate),
    ("openapi", openapi),
):
    app.command(name)(module.command)
app.command("executor", hidden=True)(executor.command)
for name, group in (
    ("repos", repos.app),
    ("secrets", secrets.app),
    ("token", token.app),
    ("audit", audit.app),
    ("config", config.app),
    ("maintenance", maintenance.app),
):
    app.add_typer(group, name=name)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gitops-auditor {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Options before the command."""
