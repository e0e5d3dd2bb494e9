"""`gitops-auditor gates hook`: let git ask the gates before each commit."""

import os
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import typer

from gitops_auditor.cli.here import layout_of
from gitops_auditor.cli.terminal import line, plain
from gitops_auditor.errors import Conflict, InvalidRequest, NotFound, Unavailable
from gitops_auditor.repositories import git_directory

app = typer.Typer(help="Ask the gates before each commit.", no_args_is_help=True)
FOLDER = typer.Option(
    Path(), "--repository", "-C", help="Folder of the repository.", resolve_path=True
)
MARK = "# Written by gitops-auditor; `gitops-auditor gates hook uninstall` takes it away."
ASKED = "gates run --phase pre_commit --staged --changed"
GIT_SECONDS = 10


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
            hint=f"Call `gitops-auditor {ASKED}` in it, or replace it with --force.",
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
    # The very program that was asked: another one on PATH may not know the repository. -P keeps
    # Python from loading modules out of the repository, where git starts hooks.
    program = shlex.join([sys.executable, "-P", "-m", "gitops_auditor"])
    return f"#!/bin/sh\n{MARK}\nexec {program} {ASKED}\n"


def _is_ours(hook: Path) -> bool:
    return hook.is_file() and MARK in hook.read_text(encoding="utf-8", errors="replace")


def _hook(repository: Path) -> Path:
    layout = layout_of(repository)
    if layout.worktree is None:
        raise InvalidRequest(
            f"{repository} has no working tree to commit from.",
            hint="Go to one, or name it with --repository.",
        )
    own = git_directory.hooks_folder(layout).resolve()
    if not git_directory.names_hooks(layout) and (everywhere := _hooks_of_user()):
        raise Conflict(
            f"git looks for the hooks of all repositories in {everywhere}, not in {own}.",
            hint=f"Call `gitops-auditor {ASKED}` in the hook there, or let this repository have its"
            " own: git config core.hooksPath .git/hooks",
        )
    return own / "pre-commit"


def _hooks_of_user() -> str:
    """Where git looks for hooks by the settings of the user and of the machine; empty for nowhere
    else than it does by itself.
    """
    git = shutil.which("git")
    if git is None:
        return ""
    asked = [git, "config", "--type=path", "--get", "core.hooksPath"]
    # Elsewhere than in the repository, whose settings are known already.
    told = subprocess.run(
        asked,
        cwd="/",
        env={name: value for name, value in os.environ.items() if name != "GIT_DIR"},
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=GIT_SECONDS,
        check=False,
    )
    return told.stdout.strip()
