"""`gitops-auditor gates hook`: let git ask the gates before each commit."""

import os
import shlex
import stat
import sys
from pathlib import Path

import typer

from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Unavailable
from gitops_auditor.repositories import git_directory

app = typer.Typer(help="Ask the gates before each commit.", no_args_is_help=True)
FOLDER = typer.Option(
    Path(), "--repository", "-C", help="Folder of the repository.", resolve_path=True
)
MARK = "# Written by gitops-auditor; `gitops-auditor gates hook uninstall` takes it away."


@app.command("install")
def install(
    repository: Path = FOLDER,
    force: bool = typer.Option(False, "--force", help="Replace a hook of somebody else's."),
) -> None:
    """Make git ask the pre_commit gates about what is staged; `git commit -n` goes around it."""
    hook = _hook(repository)
    if os.path.lexists(hook) and not _is_ours(hook) and not force:
        raise Conflict(
            f"There is a hook at {hook} already.",
            hint="Call `gitops-auditor gates run --phase pre_commit --staged --changed` in it,"
            " or replace it with --force.",
        )
    try:
        hook.parent.mkdir(parents=True, exist_ok=True)
        hook.unlink(missing_ok=True)
        hook.write_text(_script(), encoding="utf-8")
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError as refused:
        raise Unavailable(
            f"{hook} cannot be written: {refused.strerror}.", hint="Check who may write there."
        ) from None
    line(f"git asks the pre_commit gates from now on: {plain(hook)}")


@app.command("uninstall")
def uninstall(repository: Path = FOLDER) -> None:
    """Take the hook away."""
    hook = _hook(repository)
    if not os.path.lexists(hook):
        raise NotFound(f"There is no hook at {hook}.", hint="Nothing is to be done.")
    if not _is_ours(hook):
        raise Conflict(f"The hook at {hook} is somebody else's.", hint="Edit it by hand.")
    hook.unlink()
    line(f"git does not ask any more: {plain(hook)} is gone.")


def _script() -> str:
    # The very program that was asked: another one on PATH may not know the repository.
    program = shlex.join([sys.executable, "-m", "gitops_auditor"])
    asked = "gates run --phase pre_commit --staged --changed"
    return f"#!/bin/sh\n{MARK}\nexec {program} {asked}\n"


def _is_ours(hook: Path) -> bool:
    return hook.is_file() and MARK in hook.read_text(encoding="utf-8", errors="replace")


def _hook(repository: Path) -> Path:
    layout = git_directory.locate(repository)
    if layout is None or layout.worktree is None:
        raise InvalidRequest(
            f"{repository} is not the top folder of a git repository with a working tree.",
            hint="Go there, or name it with --repository.",
        )
    return git_directory.hooks_folder(layout) / "pre-commit"
