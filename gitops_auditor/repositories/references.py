"""Branches and tags of a repository, read from its files; cheap enough to be asked every second.

Forms as in gitrepository-layout(5): one file a reference below `refs`, and `packed-refs`.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread

from gitops_auditor.errors import TooLarge, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_directory import OBJECT_ID, GitDirectory, read_regular

MOST_REFERENCES = 50_000
MOST_REMEMBERED = 10_000

_KINDS = ("refs/heads", "refs/tags")
_PACKED_LIMIT = 64 * 1024 * 1024
_PACKED = re.compile(rb"^([0-9a-f]{40}|[0-9a-f]{64}) (refs/(?:heads|tags)/[^\r\n]+)$", re.MULTILINE)


class _Remembered(NamedTuple):
    state: tuple[int, int, int]
    references: dict[str, str]


class _Tables(NamedTuple):
    """References of the form reftable, by the file that lists them and its state."""

    listed: Path
    state: tuple[int, int, int]


class References:
    """Reads references; what is packed is read again only when its file changed."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._remembered: dict[Path, _Remembered] = {}

    async def of(self, path: Path) -> dict[str, str]:
        """The object each branch and tag names, by full name; an annotated tag names a tag object.

        Raises Unavailable when `path` is no repository or cannot be read, and TooLarge.
        """
        found = await anyio.to_thread.run_sync(self.in_files, path)
        if isinstance(found, dict):
            return found
        known = self._remembered.get(found.listed)
        if known is None or known.state != found.state:
            known = _Remembered(found.state, await self._git.references(path))
            self._remember(found.listed, known)
        return known.references

    def in_files(self, path: Path) -> "dict[str, str] | _Tables":
        """As `of`, in a worker thread; what only git can read is not read."""
        layout = git_directory.locate(path)
        if layout is None:
            raise Unavailable(
                f"{path} is no git repository any more.",
                hint="Restore it, or remove it from the registry.",
            )
        listed = layout.common_dir / "reftable" / "tables.list"
        state = _state(listed)
        return self._read(layout) if state is None else _Tables(listed, state)

    def _read(self, layout: GitDirectory) -> dict[str, str]:
        found = dict(self._packed(layout.common_dir / "packed-refs"))
        for kind in _KINDS:
            _add_loose(layout.common_dir, kind, found)
        return found

    def _packed(self, path: Path) -> dict[str, str]:
        state = _state(path)
        if state is None:
            return {}
        known = self._remembered.get(path)
        if known is None or known.state != state:
            known = _Remembered(state, _parse_packed(path))
            self._remember(path, known)
        return known.references

    def _remember(self, path: Path, read: _Remembered) -> None:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[path] = read


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _parse_packed(path: Path) -> dict[str, str]:
    content = read_regular(path, limit=_PACKED_LIMIT)
    if content is None:
        raise Unavailable(
            f"{path} cannot be read.", hint="Check who may read it, and run `git fsck` there."
        )
    found = {os.fsdecode(name): target.decode() for target, name in _PACKED.findall(content)}
    _check_number(path, found)
    return found


def _add_loose(common_dir: Path, kind: str, found: dict[str, str]) -> None:
    pending = [kind]
    while pending:
        folder = pending.pop()
        for entry in _entries(common_dir / folder):
            name = f"{folder}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                pending.append(name)
            elif not name.endswith(".lock"):
                _add_one(common_dir, name, found)
        _check_number(common_dir, found)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Unavailable(
            f"{folder} cannot be read: {error.strerror}.", hint="Check who may read it."
        ) from None


def _add_one(common_dir: Path, name: str, found: dict[str, str]) -> None:
    content = read_regular(common_dir / name, limit=1024)
    target = (content or b"").strip().decode("ascii", "replace")
    # What only points at another reference is no branch of its own.
    if OBJECT_ID.fullmatch(target):
        found[name] = target


def _check_number(path: Path, found: dict[str, str]) -> None:
    if len(found) > MOST_REFERENCES:
        raise TooLarge(
            f"{path} has more than {MOST_REFERENCES} branches and tags.",
            hint="Delete old ones, or remove the repository from the registry.",
            details={"limit": MOST_REFERENCES},
        )
