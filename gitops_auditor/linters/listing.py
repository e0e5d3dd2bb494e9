"""The files of a folder that are looked at when nobody says which: all that git does not ignore."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import anyio.to_thread

from gitops_auditor.errors import TooLarge
from gitops_auditor.linters.git_output import git_output

MOST_FILES: Final = 50_000
NEVER: Final = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__"})
"""Folders that are passed over where there is no git to say what is ignored."""

_MOST_NAMES: Final = 32 * 2**20
_LIST: Final = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")


async def files_of(root: Path, most: int = MOST_FILES) -> list[str]:
    """The plain files below the root, relative with slashes, sorted; links are left out.

    Where git cannot list them all folders but those in NEVER are looked into. Raises TooLarge for
    more than `most`.
    """
    listed = await git_output(_LIST, root, _MOST_NAMES)
    names = None if listed is None else [os.fsdecode(one) for one in listed.split(b"\0") if one]
    return await anyio.to_thread.run_sync(_plain, root, names, most)


def require_bounded(count: int, most: int = MOST_FILES) -> None:
    """Raise TooLarge for more than `most` files."""
    if count > most:
        raise TooLarge(
            f"There are more than {most} files.",
            hint="Name the files, or a folder below this one.",
            details={"limit": most},
        )


def _plain(root: Path, names: list[str] | None, most: int) -> list[str]:
    found: list[str] = []
    for name in _walked(root) if names is None else names:
        if _is_plain(f"{root}/{name}"):
            found.append(name)
            require_bounded(len(found), most)
    return sorted(found)


def _walked(root: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(root):
        folders[:] = [folder for folder in folders if folder not in NEVER]
        for name in names:
            yield Path(parent, name).relative_to(root).as_posix()


def _is_plain(path: str) -> bool:
    try:
        # Thousands of files are looked at, and a Path for each takes longer than the look.
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False
