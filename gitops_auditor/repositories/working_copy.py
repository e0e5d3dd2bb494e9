"""Copies files out of a working tree that somebody may be changing: no link in it is followed."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from gitops_auditor.errors import TooLarge
from gitops_auditor.repositories.regular_files import OPEN_FLAGS

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1024 * 1024


def regular_names(root: Path, folder: str) -> list[str]:
    """The names of the regular files directly in a folder of a working tree, sorted.

    It blocks. Empty when there is no such folder, or when a link leads to it.
    """
    try:
        opened = _open_folder(root, folder.split("/") if folder else [])
    except OSError:
        return []
    try:
        with os.scandir(opened) as entries:
            return sorted(item.name for item in entries if item.is_file(follow_symlinks=False))
    finally:
        os.close(opened)


def copy_files(root: Path, names: Iterable[str], target: Path, max_bytes: int) -> dict[str, str]:
    """Copy files, links and executable bits into an empty folder of ours; the blocking kind.

    Returns the reason by name for what was left out; what does not exist any more is not told of.
    A folder among the names (a submodule) becomes an empty one. Raises TooLarge over `max_bytes`.
    """
    copy = _Copy(root, target, max_bytes)
    try:
        for name in names:
            copy.take(name)
    finally:
        copy.close()
    copy.make_links()
    return copy.skipped


class _Copy:
    def __init__(self, root: Path, target: Path, max_bytes: int) -> None:
        self._root = root
        self._target = target
        self._limit = max_bytes
        self._copied = 0
        self._folder = ""
        self._opened: int | None = None
        self._links: list[tuple[str, str]] = []
        self.skipped: dict[str, str] = {}

    def take(self, name: str) -> None:
        folder, _, last = name.rpartition("/")
        if any(part.lower() in {"", ".", "..", ".git"} for part in name.split("/")):
            self.skipped[name] = "it is a repository of its own"
            return
        try:
            self._take(name, self._enter(folder), last)
        except FileNotFoundError:
            return
        except OSError as error:
            self.skipped[name] = error.strerror or str(error)

    def _enter(self, folder: str) -> int:
        """Names come sorted, so the folder is mostly the one of the name before."""
        if self._folder != folder or self._opened is None:
            self.close()
            self._opened = _open_folder(self._root, folder.split("/") if folder else [])
            self._folder = folder
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None

    def _take(self, name: str, folder: int, last: str) -> None:
        mode = os.stat(last, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            self._links.append((name, os.readlink(last, dir_fd=folder)))
        elif stat.S_ISDIR(mode):
            (self._target / name).mkdir(parents=True, exist_ok=True)
        elif stat.S_ISREG(mode):
            self._copy(name, os.open(last, OPEN_FLAGS | os.O_NOFOLLOW, dir_fd=folder))
        else:
            self.skipped[name] = "it is a special file"

    def _copy(self, name: str, source: int) -> None:
        with os.fdopen(source, "rb") as opened:
            status = os.fstat(source)
            if not stat.S_ISREG(status.st_mode):
                self.skipped[name] = "it is a special file"
                return
            with self._new_file(name) as copy:
                while chunk := opened.read(_CHUNK):
                    self._count(len(chunk))
                    copy.write(chunk)
                if status.st_mode & stat.S_IXUSR:
                    os.fchmod(copy.fileno(), 0o755)

    def _new_file(self, name: str) -> BinaryIO:
        path = self._target / name
        try:
            return path.open("xb")
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("xb")

    def _count(self, size: int) -> None:
        self._copied += size
        if self._copied > self._limit:
            raise TooLarge(
                f"The files of the working tree have more than {self._limit} bytes.",
                hint="Ignore what the run does not need, or raise PIPELINE_JOB_DISK_BYTES.",
                details={"limit": self._limit},
            )

    def make_links(self) -> None:
        # Last, so that no file is ever written through one of them.
        for name, leads_to in self._links:
            path = self._target / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(leads_to)
            except OSError as error:
                self.skipped[name] = error.strerror or str(error)


def _open_folder(root: Path, folders: list[str]) -> int:
    opened = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER, dir_fd=opened)
            os.close(opened)
            opened = inner
    except OSError:
        os.close(opened)
        raise
    return opened
