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


def entries_below(root: Path) -> Iterator[str]:
    """All files of a checkout, links as files of their own, but what git itself keeps; it blocks.

    They are relative, with slashes. Links are not followed. Raises TooLarge beyond MOST_FILES.
    """
    return (path for path, _ in _walked(root, frozenset({".git"})))


def sources_below(root: Path) -> Iterator[str]:
    """As `entries_below`, but no links, and nothing of folders that package managers fill."""
    return (path for path, is_link in _walked(root, _OF_TOOLS) if not is_link)


def _walked(root: Path, left_out: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Each file and whether it is a link."""
    count = 0
    for parent, folders, names in os.walk(root, followlinks=False):
        above = Path(parent)
        linked = [name for name in folders if (above / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in (*linked, *left_out))
        below = above.relative_to(root)
        for name in sorted((*names, *linked)):
            count += 1
            if count > MOST_FILES:
                raise TooLarge(
                    f"The repository has more than {MOST_FILES} files.",
                    hint="Name the files that the gate is about in `files`.",
                )
            if name not in left_out:
                yield (below / name).as_posix(), (above / name).is_symlink()


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
