"""Runs one command, and says what a failure looks like on a terminal."""

import os
import sys
import traceback
import uuid
from pathlib import Path

import click
import typer

from gitops_auditor import __version__
from gitops_auditor.config import load_settings
from gitops_auditor.errors import GitOpsError

EXPECTED_FAILURE = 1
BUG = 3
INTERRUPTED = 130


def _commands(arguments: list[str]) -> typer.Typer:
    """Every command, or only the one that editors wait for: the others cost it import time."""
    if arguments[:1] == ["stdio"]:
        from gitops_auditor.cli import stdio

        return stdio.app
    from gitops_auditor.cli import commands

    return commands.app


def run(arguments: list[str]) -> int:
    """Run one command; the return value is the exit status."""
    try:
        outcome = _commands(arguments)(arguments, standalone_mode=False)
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
