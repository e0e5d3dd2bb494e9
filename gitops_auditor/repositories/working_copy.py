"""Copies files out of a working tree that somebody may be changing: no link in it is followed."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_auditor.errors import TooLarge
from gitops_auditor.repositories.regular_files import OPEN_FLAGS

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1024 * 1024


def regular_names(root: Path, folder: str) -> list[str]:
    """The names of the regular files directly in a folder of a working tree, sorted.

    It blocks. Empty when there is no such folder, or when a link leads to it.
    """
    try:
        with (
            _opened(root, folder.split("/") if folder else []) as opened,
            os.scandir(opened) as entries,
        ):
            return sorted(item.name for item in entries if item.is_file(follow_symlinks=False))
    except OSError:
        return []


def copy_files(root: Path, names: Iterable[str], target: Path, max_bytes: int) -> dict[str, str]:
    """Copy files, links and executable bits into an empty folder of ours; the blocking kind.

    Returns the reason by name for what was left out; what does not exist any more is not told of.
    A folder among the names (a submodule) becomes an empty one. Raises TooLarge over `max_bytes`.
    """
    copy = _Copy(root, target, max_bytes)
    for name in names:
        copy.take(name)
    copy.make_links()
    return copy.skipped


class _Copy:
    def __init__(self, root: Path, target: Path, max_bytes: int) -> None:
        self._root = root
        self._target = target
        self._limit = max_bytes
        self._copied = 0
        self._links: list[tuple[str, str]] = []
        self.skipped: dict[str, str] = {}

    def take(self, name: str) -> None:
        parts = name.split("/")
        if any(part.lower() in {"", ".", "..", ".git"} for part in parts):
            self.skipped[name] = "it is a repository of its own"
            return
        try:
            with _opened(self._root, parts[:-1]) as folder:
                self._take(name, folder, parts[-1])
        except FileNotFoundError:
            return
        except OSError as error:
            self.skipped[name] = error.strerror or str(error)

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
            path = self._target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as copy:
                while chunk := opened.read(_CHUNK):
                    self._count(len(chunk))
                    copy.write(chunk)
                if status.st_mode & stat.S_IXUSR:
                    os.fchmod(copy.fileno(), 0o755)

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


@contextmanager
def _opened(root: Path, folders: list[str]) -> Iterator[int]:
    opened = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            inner = os.open(part, _FOLDER, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened
    finally:
        os.close(opened)
