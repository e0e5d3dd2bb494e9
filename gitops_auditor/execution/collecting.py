"""Reads what a job left behind: regular files only, through no link, within bounds."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gitops_auditor.errors import NotFound, Refused, TooLarge
from gitops_auditor.execution.globs import matcher

# A pipe or a device opened so does not hold the reader.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
MAX_FILES = 10_000
MAX_BYTES = 2**30


class Left(NamedTuple):
    """A file that a job left: relative path, size, and itself, open while it is looked at."""

    path: str
    size: int
    file: BinaryIO


def collect(
    folder: Path,
    patterns: Iterable[str],
    *,
    max_files: int = MAX_FILES,
    max_bytes: int = MAX_BYTES,
) -> Iterator[Left]:
    """The regular files below `folder` that a pattern names, one after another; it blocks.

    Raises TooLarge beyond the bounds. The size is that of the moment; read no more than that.
    """
    wanted = matcher(patterns)
    count = size = 0
    for path, opened in _files(folder, wanted):
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            os.close(opened)
            continue
        with os.fdopen(opened, "rb") as file:
            count, size = count + 1, size + status.st_size
            if count > max_files or size > max_bytes:
                raise TooLarge(
                    f"The job left more than {max_files} files or {max_bytes} bytes to collect.",
                    hint="Name fewer files, or raise the limit.",
                    details={"files": count, "bytes": size},
                )
            yield Left(path, status.st_size, file)


def _files(folder: Path, wanted: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    top = str(folder)
    for parent, folders, names, opened in os.fwalk(top, follow_symlinks=False):
        folders.sort()
        for name in sorted(names):
            path = os.path.relpath(os.path.join(parent, name), top)  # noqa: PTH118 - per file
            if wanted.fullmatch(path):
                try:
                    yield path, os.open(name, _FLAGS, dir_fd=opened)
                except OSError:
                    continue


def read_left(folder: Path, path: str, *, max_bytes: int) -> bytes:
    """The content of one file that a job left, for example a report; it blocks.

    Raises NotFound, Refused for a link on the way or a special file, TooLarge.
    """
    parts = Path(path).parts
    if not parts or ".." in parts or Path(path).is_absolute():
        raise Refused(f"{path} leads out of the workspace.", hint="Name a file inside it.")
    opened = _descend(folder, parts)
    status = os.fstat(opened)
    if not stat.S_ISREG(status.st_mode):
        os.close(opened)
        raise Refused(f"{path} is not a regular file.", hint="Write it as a plain file.")
    with os.fdopen(opened, "rb") as file:
        if status.st_size > max_bytes:
            raise TooLarge(
                f"{path} has {status.st_size} bytes, more than the {max_bytes} that are read.",
                hint="Write a smaller file.",
            )
        return file.read(max_bytes)


def _descend(folder: Path, parts: tuple[str, ...]) -> int:
    path = "/".join(parts)
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in parts:
            opened = _below(opened, part)
    except FileNotFoundError:
        raise NotFound(
            f"The job left no {path}.", hint="Check the path that it writes to."
        ) from None
    except OSError as refused:
        raise Refused(
            f"{path} cannot be read: {refused.strerror}.",
            hint="Links are not followed; write a plain file.",
        ) from None
    return opened


def _below(opened: int, part: str) -> int:
    try:
        return os.open(part, _FLAGS, dir_fd=opened)
    finally:
        os.close(opened)
