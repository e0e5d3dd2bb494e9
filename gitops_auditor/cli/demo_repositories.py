"""The demo's workspace: real git repositories, made by git from the packaged description."""

import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import yaml

from gitops_auditor.errors import Unavailable

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Demo",
    "GIT_AUTHOR_EMAIL": "demo@northwind.example",
    "GIT_COMMITTER_NAME": "Demo",
    "GIT_COMMITTER_EMAIL": "demo@northwind.example",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
}
GIT_SECONDS = 30


def make_workspace(folder: Path) -> list[Path]:
    """Create the repositories under `folder` unless they are there; returns their paths.

    Raises Unavailable when git is missing or fails.
    """
    text = files("gitops_auditor.cli").joinpath("demo_workspace.yaml").read_text(encoding="utf-8")
    described = yaml.safe_load(text)
    organisation = described["organisation"]
    new = []
    for name, contents in described["repositories"].items():
        if not (folder / name / ".git").is_dir():
            _make(folder / name, f"https://github.com/{organisation}/{name}.git", contents)
            new.append(name)
    for name, links in described["submodules"].items():
        if name in new:
            _link(folder, name, links)
    return [folder / name for name in described["repositories"]]


def set_branches(folder: Path, branch: str) -> None:
    """Let a branch of every repository under `folder` stand where `main` is, made where missing.

    Raises Unavailable when git fails.
    """
    for path in sorted(folder.iterdir()):
        _git(path, "branch", "--quiet", "--force", "--no-track", branch, "main")


def _link(folder: Path, name: str, links: dict[str, str]) -> None:
    for place, target in links.items():
        commit = _git(folder / target, "rev-parse", "HEAD")
        _git(folder / name, "update-index", "--add", "--cacheinfo", f"160000,{commit},{place}")
    _git(folder / name, "commit", "--quiet", "--message=Pin the submodules")


def _make(path: Path, origin: str, contents: dict[str, str]) -> None:
    for name, text in contents.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    _git(path, "init", "--quiet", "--initial-branch=main")
    _git(path, "remote", "add", "origin", origin)
    _git(path, "add", "--all")
    _git(path, "commit", "--quiet", "--message=Describe the project")


def _git(path: Path, *arguments: str) -> str:
    if shutil.which("git") is None:
        raise Unavailable("git is not installed.", hint="Install git and try again.")
    ended = subprocess.run(
        ["git", *arguments],
        cwd=path,
        env={**os.environ, **_IDENTITY},
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS,
        check=False,
    )
    if ended.returncode:
        raise Unavailable(
            f"git {arguments[0]} failed in {path}: {ended.stderr.strip()}",
            hint="Remove the folder and try again.",
        )
    return ended.stdout.strip()
