"""Which branches the working trees of a repository are on. Everything here blocks.

Forms as in gitrepository-layout(5): HEAD of the repository and of each of its `worktrees`, and the
notes of a rebase or a search that is under way, which comes back to its branch.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git_config import parse_config, value_of
from gitops_auditor.repositories.git_directory import GitDirectory, read_regular
from gitops_auditor.repositories.revision_names import BRANCH

_UNDER_WAY = ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START")
_TRUE = frozenset({"true", "yes", "on", "1"})
_CONFIG_LIMIT = 4 * 1024 * 1024


def branches_in_use(layout: GitDirectory) -> set[str]:
    """The full names of branches that are checked out anywhere, one without commits too."""
    found: set[str] = set()
    for git_dir in _git_folders(layout.common_dir):
        head = git_directory.head_reference(GitDirectory(git_dir, layout.common_dir, None))
        found.update([head] if head is not None else [])
        for note in _UNDER_WAY:
            name = os.fsdecode((read_regular(git_dir / note) or b"").strip())
            if name:
                found.add(name if name.startswith("refs/") else BRANCH + name)
    return found


def _git_folders(common_dir: Path) -> Iterator[Path]:
    """The git folder of each working tree; of one that was deleted too, as git sees it."""
    if not _is_bare(common_dir):
        yield common_dir
    linked = common_dir / "worktrees"
    if linked.is_dir():
        yield from linked.iterdir()


def _is_bare(common_dir: Path) -> bool:
    content = read_regular(common_dir / "config", limit=_CONFIG_LIMIT) or b""
    entries = parse_config(content.decode("utf-8", "replace"))
    return (value_of(entries, "core", "", "bare") or "").lower() in _TRUE
