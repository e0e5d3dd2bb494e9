"""All commands, listed; and what a failure looks like on a terminal."""

import os
import sys
import traceback
import uuid
from pathlib import Path

import click
import typer

from gitops_auditor import __version__
from gitops_auditor.cli import (
    audit,
    config,
    conflicts,
    demo,
    doctor,
    graph,
    impact,
    maintenance,
    migrate,
    openapi,
    repos,
    scan,
    serve,
    stdio,
    token,
)
from gitops_auditor.config import load_settings
from gitops_auditor.errors import GitOpsError

EXPECTED_FAILURE = 1
BUG = 3
INTERRUPTED = 130

app = typer.Typer(
    name="gitops-auditor",
    help="Know how your git repositories depend on one another: for people, editors and agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (scan, graph, impact, conflicts, serve, stdio, demo, doctor, migrate, openapi):
    app.command()(module.command)
for name, group in (
    ("repos", repos.app),
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


def run(arguments: list[str] | None = None) -> int:
    """Run one command; the return value is the exit status."""
    try:
        outcome = app(arguments, standalone_mode=False)
    except click.ClickException as wrong_usage:
        wrong_usage.show()
        return wrong_usage.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away, for example `| head`; nothing is left to tell it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except GitOpsError as failure:
        return _explain(failure)
    except Exception:  # noqa: BLE001 - the top of the command line: our bug becomes a report
        return _report_bug()
    return outcome if isinstance(outcome, int) else 0


def _explain(failure: GitOpsError) -> int:
    typer.secho(f"error: {failure.message}", fg=typer.colors.RED, err=True)
    if failure.hint:
        typer.echo(f"  {failure.hint}", err=True)
    return EXPECTED_FAILURE


def _report_bug() -> int:
    report = _report_folder() / f"crash-{uuid.uuid4().hex[:8]}.log"
    report.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    report.write_text(f"gitops-auditor {__version__}\n{traceback.format_exc()}", encoding="utf-8")
    typer.secho("error: this is a bug in gitops-auditor.", fg=typer.colors.RED, err=True)
    typer.echo(f"  A report was written to {report}; please attach it to an issue.", err=True)
    return BUG


def _report_folder() -> Path:
    try:
        return load_settings().data_dir / "logs"
    except GitOpsError:
        return Path.cwd()
