"""Which files of a checkout a command is for."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from gitops_auditor.errors import TooLarge
from gitops_auditor.execution.globs import matcher

MOST_FILES: Final = 500_000
_OF_TOOLS: Final = frozenset({".git", "node_modules", ".venv", "__pycache__"})
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.]")


def files_below(root: Path) -> Iterator[str]:
    """The regular files of a checkout, relative, with slashes, sorted by folder; it blocks.

    Links are not followed. What git and package managers keep is left out. Raises TooLarge beyond
    MOST_FILES.
    """
    count = 0
    for parent, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _OF_TOOLS)
        below = Path(parent).relative_to(root)
        for name in sorted(names):
            count += 1
            if count > MOST_FILES:
                raise TooLarge(
                    f"The repository has more than {MOST_FILES} files.",
                    hint="Name the files that the gate is about in `files`.",
                )
            if not Path(parent, name).is_symlink():
                yield (below / name).as_posix()


def selected(files: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The files that a pattern names, all without patterns.

    A pattern without a slash is meant for any folder.
    """
    wanted = [one if "/" in one.rstrip("/") else f"**/{one}" for one in patterns]
    if not wanted:
        return list(files)
    match = matcher(wanted).fullmatch
    return [file for file in files if match(file)]


def as_arguments(files: Iterable[str]) -> list[str]:
    """The files as arguments that no program takes for an option, or for a list of files."""
    return [file if _PLAIN.match(file) else f"./{file}" for file in files]
