"""Runs one command, and says what a failure looks like on a terminal."""

import errno
import os
import sys
import traceback
import uuid
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer

from gitops_auditor import __version__
from gitops_auditor.cli.commands import program
from gitops_auditor.cli.terminal import explain_failure
from gitops_auditor.config import load_settings
from gitops_auditor.errors import GitOpsError, Unavailable

PROGRAM = "gitops-auditor"
EXPECTED_FAILURE = 1
BUG = 3
INTERRUPTED = 130


def run(arguments: list[str]) -> int:
    """Run one command; the return value is the exit status.

    0 is success, 1 a failure that the message explains, 2 wrong usage, 3 a bug of ours, 130 an
    interrupt. A reader of our output that goes away, for example `| head`, ends it with 0.
    """
    _write_anything()
    try:
        outcome = program(arguments)(arguments, standalone_mode=False, prog_name=PROGRAM)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt, SystemExit) as ending:  # noqa: BLE001 - the top
        return _explain(_only_one_of(ending))
    return _status(outcome)


def _write_anything() -> None:
    # A terminal with another encoding, and file names that are not text, must not end a command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _status(outcome: object) -> int:
    return outcome if isinstance(outcome, int) else 0


def _only_one_of(ending: BaseException) -> BaseException:
    """The failure itself, where a task group wrapped it."""
    while isinstance(ending, BaseExceptionGroup) and len(ending.exceptions) == 1:
        (ending,) = ending.exceptions
    return ending


def _explain(ending: BaseException) -> int:
    if isinstance(ending, SystemExit):
        # typer ends the program itself when a write fails because nobody reads any more.
        broken = isinstance(ending.__context__, BrokenPipeError)
        return _stop_writing() if broken else _status(ending.code)
    for kind, explain in _EXPLANATIONS:
        if isinstance(ending, kind):
            return explain(ending)
    return _report_bug(ending)


def _stop_writing() -> int:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return 0


def _explain_usage(wrong_usage: Any) -> int:
    context = getattr(wrong_usage, "ctx", None)
    command = context.command_path if context else PROGRAM
    message = wrong_usage.format_message().strip()
    if message:
        typer.secho(f"error: {message}", fg=typer.colors.RED, err=True)
        typer.echo(f"  See `{command} --help`.", err=True)
    return int(wrong_usage.exit_code)


def _explain_failure(failure: Any) -> int:
    explain_failure(failure)
    return EXPECTED_FAILURE


def _explain_system(refused: Any) -> int:
    if refused.errno != errno.ENOSPC:
        return _report_bug(refused)
    full = Unavailable("There is no space left to write to.", hint="Make room and try again.")
    return _explain_failure(full)


def _report_bug(bug: BaseException) -> int:
    report = _report_folder() / f"crash-{uuid.uuid4().hex[:8]}.log"
    report.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    story = "".join(traceback.format_exception(bug))
    report.write_text(f"{PROGRAM} {__version__}\n{story}", encoding="utf-8")
    typer.secho(f"error: this is a bug in {PROGRAM}.", fg=typer.colors.RED, err=True)
    typer.echo(f"  A report was written to {report}; please attach it to an issue.", err=True)
    return BUG


def _report_folder() -> Path:
    try:
        return load_settings().data_dir / "logs"
    except GitOpsError:
        return Path.cwd()


_EXPLANATIONS: tuple[tuple[type[BaseException], Callable[[Any], int]], ...] = (
    (typer.TyperException, _explain_usage),
    (KeyboardInterrupt, lambda _: INTERRUPTED),
    (typer.Abort, lambda _: INTERRUPTED),
    (GitOpsError, _explain_failure),
    (BrokenPipeError, lambda _: _stop_writing()),
    (OSError, _explain_system),
)
