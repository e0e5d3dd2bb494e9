"""Reads files of a working tree without leaving it: no link is followed at any step of a path."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.repositories.git_blobs import BlobRead

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


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
        return _read_regular(os.open(last, _FILE, dir_fd=folder), limit)
    finally:
        os.close(folder)


def _enter(folder: int, part: str) -> int:
    inner = os.open(part, _FOLDER, dir_fd=folder)
    os.close(folder)
    return inner


def _read_regular(descriptor: int, limit: int) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if status.st_size > limit:
            raise ValueError(f"it has {status.st_size} bytes, more than the {limit} that are read")
        return file.read(limit)
