"""Which files nobody wrote: what machines packed, and what others wrote.

Linters take minutes and gigabytes for such files, and nobody corrects what they say of them.
"""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

MOST_BYTES: Final = 2**20
"""As much as linters of scripts read of one file, unless they are told otherwise."""
LONGEST_LINE: Final = 5_000
MEAN_LINE: Final = 110
"""Characters; people write fewer, which is how code hosts tell minified files too."""

_OF_OTHERS: Final = frozenset({"node_modules", "bower_components"})
_PACKED: Final = frozenset({".js", ".mjs", ".cjs", ".css"})
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_LOOKED_AT: Final = 2**18
_LEAST: Final = 2**11
"""Bytes of a file so short that its lines tell nothing."""


def written_by_people(root: Path, files: Iterable[str]) -> tuple[str, ...]:
    """The files that people wrote, as far as their names, sizes and lines tell; it blocks."""
    return tuple(file for file in files if not _is_machine_made(root, PurePosixPath(file)))


def _is_machine_made(root: Path, file: PurePosixPath) -> bool:
    if _OF_OTHERS & set(file.parts[:-1]) or ".min." in file.name:
        return True
    try:
        size = (root / file).stat().st_size
        if size > MOST_BYTES or (size < _LEAST and _is_pointer(root / file)):
            return True
        return file.suffix in _PACKED and _is_packed(root / file)
    except OSError:
        return False  # who reads it says what is wrong with it


def _is_pointer(path: Path) -> bool:
    """Whether Git LFS has the content elsewhere (its specification, version 1)."""
    with path.open("rb") as text:
        return text.read(len(_POINTER)) == _POINTER


def _is_packed(path: Path) -> bool:
    with path.open("rb") as text:
        lines = text.read(_LOOKED_AT).splitlines()
    lengths = [len(line) for line in lines]
    total = sum(lengths)
    return total > _LEAST and (max(lengths) > LONGEST_LINE or total > MEAN_LINE * len(lines))
