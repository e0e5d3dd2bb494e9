"""Finds every repository under a folder. Links are not followed; what cannot be read is told."""

import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.models import Skipped

MAX_DEPTH = 8
MAX_FOLDERS = 100_000

# Folders that tools fill with other people's repositories, or with very many files.
_TOOL_FOLDERS = frozenset(
    {"node_modules", ".venv", "venv", "__pycache__", ".terraform", ".tox", ".cache", ".git"}
)


class Found(NamedTuple):
    """A repository: the folder that holds it, and where git keeps its data."""

    path: Path
    layout: GitDirectory


@dataclass
class Discovery:
    """The outcome of a look: `complete` is False when a limit ended it early."""

    found: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    complete: bool = True


class _Folder(NamedTuple):
    path: Path
    depth: int


def discover(
    workspace: Path, *, max_depth: int = MAX_DEPTH, max_folders: int = MAX_FOLDERS
) -> Discovery:
    """Look through `workspace`, breadth first; blocking, for a worker thread.

    A repository is not looked into, with one exception: a workspace that is itself a repository.
    Linked worktrees and submodules belong to the repository that they are part of, and are skipped.
    """
    discovery = Discovery()
    visited: set[tuple[int, int]] = set()
    pending = deque([_Folder(workspace, 0)])
    while pending:
        folder = pending.popleft()
        if len(visited) >= max_folders:
            discovery.complete = False
            break
        if not _first_visit(folder.path, visited, discovery):
            continue
        if _take_repository(folder.path, discovery) and folder.depth:
            continue
        pending.extend(_inner_folders(folder, max_depth, discovery))
    return discovery


def _first_visit(path: Path, visited: set[tuple[int, int]], discovery: Discovery) -> bool:
    try:
        status = path.stat()
    except OSError as error:
        discovery.skipped.append(Skipped(path=str(path), reason=error.strerror or str(error)))
        return False
    # A bind mount can show one folder at two places, or inside itself.
    identity = (status.st_dev, status.st_ino)
    fresh = identity not in visited
    visited.add(identity)
    return fresh


def _take_repository(path: Path, discovery: Discovery) -> bool:
    """Whether `path` is, or is meant to be, a repository; then it is entered in `discovery`."""
    layout = git_directory.locate(path)
    if layout is None:
        return _report_broken(path, discovery)
    reason = _part_of_another(layout)
    if reason is None:
        discovery.found.append(Found(path, layout))
    else:
        discovery.skipped.append(Skipped(path=str(path), reason=reason))
    return True


def _report_broken(path: Path, discovery: Discovery) -> bool:
    dot_git = path / ".git"
    target = git_directory.gitdir_link(dot_git)
    if target is not None:
        reason = f"its .git file points to {target}, which is no repository"
    elif _is_folder(dot_git):
        reason = "its .git folder is not a complete repository"
    else:
        return False
    discovery.skipped.append(Skipped(path=str(path), reason=reason))
    return True


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def _part_of_another(layout: GitDirectory) -> str | None:
    if layout.git_dir != layout.common_dir:
        return f"it is a linked worktree of {_owner(layout.common_dir)}"
    parts = layout.git_dir.resolve().parts
    if layout.worktree is not None and ".git" in parts[:-1]:
        owner = Path(*parts[: parts.index(".git")])
        return f"it is a submodule checkout of {owner}"
    return None


def _owner(common_dir: Path) -> Path:
    resolved = common_dir.resolve()
    return resolved.parent if resolved.name == ".git" else resolved


def _inner_folders(folder: _Folder, max_depth: int, discovery: Discovery) -> Iterator[_Folder]:
    try:
        with os.scandir(folder.path) as entries:
            names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        reason = f"it cannot be read: {error.strerror}"
        discovery.skipped.append(Skipped(path=str(folder.path), reason=reason))
        return
    inner = [name for name in names if name not in _TOOL_FOLDERS]
    if inner and folder.depth >= max_depth:
        discovery.complete = False
        reason = f"it is more than {max_depth} folders deep"
        discovery.skipped.append(Skipped(path=str(folder.path), reason=reason))
        return
    yield from (_Folder(folder.path / name, folder.depth + 1) for name in inner)
