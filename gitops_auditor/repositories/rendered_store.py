"""Where commits are kept that the platform made and nobody published: one store a repository.

A store is a bare repository of ours that borrows the objects of the registered one. A commit counts
as there once `refs/rendered/<its id>` is, which is written last.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.errors import NotFound, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.checkout_files import object_format, quoted, shallow_commits
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.references import References

WORK: Final = "worktrees"
"""The folder of a store that holds a git folder with an index for each folder that is read."""

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tfilemode = true
\tbare = true
[gc]
\tauto = 0
"""
_SHA256 = "[extensions]\n\tobjectformat = sha256\n"
_MADE = "refs/rendered"
_TAGS = "refs/tags/"
_SCRATCH = ".new-"
_GONE = ".gone-"
_ABANDONED_SECONDS = 24 * 3600


class RenderedStores:
    """Makes stores, keeps what they borrow current, and removes them."""

    def __init__(self, folder: Path, locations: Locations, git: Git) -> None:
        self._folder = folder.absolute()
        self._locations = locations
        self._references = References(git)
        self._is_tidy = False

    def path_of(self, repository: Repository) -> Path:
        """Where the store of a repository is or will be."""
        digest = hashlib.sha256(repository.id.encode("utf-8")).hexdigest()[:24]
        return self._folder / f"{digest}.git"

    async def of(self, repository: Repository) -> Path:
        """The store, which reads the objects and knows the tags that the repository has now.

        Raises Unavailable when the repository cannot be reached or the store not be written.
        """
        path = self.path_of(repository)
        source = self._locations.registered(repository)
        if source is not None and await anyio.to_thread.run_sync(self._brought_up, path, source):
            return path
        source = await self._locations.known(repository)
        source = source or await self._locations.current(repository)
        references = await self._references.of(source)
        await anyio.to_thread.run_sync(_bring_up, path, source, references)
        return path

    def _brought_up(self, path: Path, source: Path) -> bool:
        """False without a repository, and when only git can tell which tags there are."""
        if not self._is_tidy:
            # Once for a process: what a killed one left was left before this one began.
            self._is_tidy = True
            drop_abandoned(self._folder, f"{_SCRATCH}*")
            drop_abandoned(self._folder, f"{_GONE}*")
        if git_directory.locate(source) is None:
            return False
        references = self._references.in_files(source)
        if not isinstance(references, dict):
            return False
        _bring_up(path, source, references)
        return True

    async def holding(self, repository: Repository, commits: Sequence[str]) -> Path | None:
        """The store, when one of these full ids is that of a commit which was made there."""
        made = self.path_of(repository) / _MADE
        if not await anyio.to_thread.run_sync(_any_file, [made / commit for commit in commits]):
            return None
        return await self.of(repository)

    async def forget(self, repository: Repository) -> None:
        """Remove the store with every commit in it; without one nothing happens."""
        await anyio.to_thread.run_sync(_remove, self.path_of(repository))


def keep(store: Path, commit: str) -> None:
    """Let a commit be found, whose objects are all in the store. Blocks; raises Unavailable."""
    _write(store / _MADE / commit, f"{commit}\n")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Raises Unavailable for what the system says of a folder of ours."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The folder {folder} cannot be written to: {error.strerror}.",
            hint="Check its owner, mode and free space.",
        ) from error


def is_sha256(source: GitDirectory) -> bool:
    """Whether the ids of a repository have 64 digits."""
    return object_format(source) == "sha256"


def _any_file(paths: Sequence[Path]) -> bool:
    return any(path.is_file() for path in paths)


def drop_abandoned(folder: Path, pattern: str) -> None:
    """Remove folders that a killed process left behind; nothing of ours takes so long."""
    for left in folder.glob(pattern):
        # What is gone was not abandoned: whoever makes it has just renamed or removed it.
        with writing(folder), suppress(FileNotFoundError):
            if time.time() - left.lstat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _bring_up(path: Path, folder: Path, references: Mapping[str, str]) -> None:
    source = git_directory.locate(folder)
    if source is None:
        raise NotFound(f"{folder} is no git repository any more.", hint="Restore it.")
    known = git_directory.locate(path)
    if known is not None and is_sha256(known) != is_sha256(source):
        # Another repository has taken the id.
        _remove(path)
        known = None
    borrowed = _borrowed(source, references)
    if known is None:
        _make(path, source, borrowed)
        return
    for name, text in borrowed.items():
        _write_changed(path / name, text)


def _make(path: Path, source: GitDirectory, borrowed: Mapping[str, str]) -> None:
    """Made aside and renamed: a store is complete or is not there."""
    with writing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=path.parent))
        try:
            _lay_out(scratch, source, borrowed)
            scratch.rename(path)
        except OSError:
            # Another process was faster; its store is as good.
            if git_directory.locate(path) is None:
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _lay_out(folder: Path, source: GitDirectory, borrowed: Mapping[str, str]) -> None:
    for inner in ("objects", "objects/info", "refs", _MADE):
        (folder / inner).mkdir()
    sha256 = is_sha256(source)
    config = _CONFIG.format(version=int(sha256)) + (_SHA256 if sha256 else "")
    files = {"config": config, "HEAD": "ref: refs/heads/main\n", **borrowed}
    for name, text in files.items():
        if text:
            (folder / name).write_bytes(os.fsencode(text))


def _borrowed(source: GitDirectory, references: Mapping[str, str]) -> dict[str, str]:
    """Files of a store that follow the repository, by their names; empty ones are not to be."""
    tags = [f"{target} {name}\n" for name, target in references.items() if name.startswith(_TAGS)]
    return {
        "objects/info/alternates": quoted(source.common_dir / "objects") + "\n",
        "packed-refs": "".join(sorted(tags, key=_reference_name)),
        "shallow": shallow_commits(source),
    }


def _reference_name(line: str) -> bytes:
    return os.fsencode(line.partition(" ")[2])


def _write_changed(path: Path, text: str) -> None:
    """An empty file counts as none: by an empty `shallow`, git takes the history for cut."""
    wanted = os.fsencode(text)
    with writing(path.parent):
        present = path.read_bytes() if path.exists() else b""
        if present == wanted:
            return
        if not wanted:
            path.unlink(missing_ok=True)
            return
    _write(path, text)


def _write(path: Path, text: str) -> None:
    """Renamed whole, so that no reader meets a half of it."""
    with writing(path.parent):
        descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.fsencode(text))
        Path(temporary).replace(path)


def _remove(path: Path) -> None:
    """Renamed first: nobody meets a store that is half gone."""
    with writing(path.parent):
        if not path.exists():
            return
        gone = Path(tempfile.mkdtemp(prefix=_GONE, dir=path.parent))
        try:
            path.rename(gone / path.name)
        except FileNotFoundError:
            # Another process removed it meanwhile.
            pass
        finally:
            shutil.rmtree(gone, ignore_errors=True)
