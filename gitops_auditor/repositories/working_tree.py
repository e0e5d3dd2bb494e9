"""Reads files of a working tree without leaving it: no link is followed at any step of a path."""

import os
from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.repositories.git_blobs import BlobRead
from gitops_auditor.repositories.regular_files import OPEN_FLAGS, read_and_close

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = OPEN_FLAGS | os.O_NOFOLLOW


def read_files(root: Path, names: Sequence[str], max_file_bytes: int) -> BlobRead:
    """Contents by name for regular files under `root`; the reason by name for everything else."""
    read = BlobRead({}, {})
    for name in names:
        try:
            read.contents[name] = _read(root, name, max_file_bytes)
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else None
            read.skipped[name] = reason or str(problem)
    return read


def _read(root: Path, name: str, limit: int) -> bytes:
    *folders, last = name.split("/")
    if any(part in {"", ".", ".."} for part in (*folders, last)):
        raise ValueError("its name leads out of the working tree")
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            folder = _enter(folder, part)
        return read_and_close(os.open(last, _FILE, dir_fd=folder), limit)
    finally:
        os.close(folder)


def _enter(folder: int, part: str) -> int:
    inner = os.open(part, _FOLDER, dir_fd=folder)
    os.close(folder)
    return inner
