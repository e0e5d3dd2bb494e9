"""Reads the manifests of one repository, at a commit or as they lie in the working tree."""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

import anyio.to_thread

from gitops_auditor.dependencies import links
from gitops_auditor.dependencies.manifests.reader import ManifestReader
from gitops_auditor.dependencies.models import Problem
from gitops_auditor.dependencies.reading import ManifestIndex, blob_id, read_manifest
from gitops_auditor.dependencies.snapshots import FileFacts, Gitlink, RepositoryFacts
from gitops_auditor.dependencies.submodules import mismatches
from gitops_auditor.repositories.git import Git, TreeEntry

MAX_FILE_BYTES: Final = 5 * 1024 * 1024
"""A larger manifest is reported, not read; written by people, none comes near it."""

_BATCH: Final = 500
"""Files fetched from git and parsed at a time; bounds memory."""

_MAX_BATCH_BYTES: Final = 24 * 1024 * 1024
WORKTREE: Final = "worktree"
"""Stands for the commit in facts that were read from uncommitted files."""

_LINK: Final = "120000"
_SUBMODULE: Final = "160000"
_LINK_READERS: Final = (links.READER,)


class _Wanted(NamedTuple):
    path: str
    blob: str
    readers: tuple[ManifestReader, ...]


class RepositoryScanner:
    """Reads repositories through git. Contents seen before are not read or parsed again."""

    def __init__(self, git: Git, index: ManifestIndex | None = None) -> None:
        self._git = git
        self._index = index or ManifestIndex()

    async def read_commit(
        self, path: Path, commit: str, previous: RepositoryFacts | None = None
    ) -> RepositoryFacts:
        """The facts of a commit. Symbolic links are read but not followed, submodules not entered.

        Raises what Git raises when the repository cannot be read at all.
        """
        entries = await self._git.tree(path, commit)
        wanted, gitlinks = await anyio.to_thread.run_sync(self._select, entries)
        known = _by_content(previous)
        files = [known[item[:2]] for item in wanted if item[:2] in known]
        missing = [item for item in wanted if item[:2] not in known]
        read, problems = await self._read_blobs(path, missing)
        facts = RepositoryFacts(commit, tuple(sorted(files + read)), gitlinks)
        return facts._replace(problems=(*problems, *mismatches(facts)))

    async def read_worktree(
        self, path: Path, commit: str | None, previous: RepositoryFacts | None = None
    ) -> RepositoryFacts:
        """The facts of what lies in the working tree: tracked files and new ones not ignored.

        Submodules and links are those of `commit`. Raises InvalidRequest for a bare repository.
        """
        names = await self._git.worktree_files(path)
        claimed = await anyio.to_thread.run_sync(self._present, path, names)
        known = _by_content(previous)
        files: list[FileFacts] = []
        problems: list[tuple[str, Problem]] = []
        for start in range(0, len(claimed), _BATCH):
            batch = claimed[start : start + _BATCH]
            read = await self._git.worktree_contents(path, batch, max_file_bytes=MAX_FILE_BYTES)
            files += await anyio.to_thread.run_sync(self._parse_files, read.contents, known)
            problems += [_unread(shown(name), reason) for name, reason in read.skipped.items()]
        linked, gitlinks = await self._read_links(path, commit)
        return RepositoryFacts(WORKTREE, tuple(sorted(files + linked)), gitlinks, tuple(problems))

    async def _read_links(
        self, path: Path, commit: str | None
    ) -> tuple[list[FileFacts], tuple[Gitlink, ...]]:
        if commit is None:
            return [], ()
        entries = await self._git.tree(path, commit)
        wanted, gitlinks = await anyio.to_thread.run_sync(self._select, entries)
        linked, _ = await self._read_blobs(
            path, [item for item in wanted if item.readers is _LINK_READERS]
        )
        return linked, gitlinks

    async def _read_blobs(
        self, path: Path, wanted: Sequence[_Wanted]
    ) -> tuple[list[FileFacts], list[tuple[str, Problem]]]:
        files: list[FileFacts] = []
        problems: list[tuple[str, Problem]] = []
        pending = list(wanted)
        while pending:
            batch, pending = pending[:_BATCH], pending[_BATCH:]
            read = await self._git.blobs(
                path,
                [item.blob for item in batch],
                max_blob_bytes=MAX_FILE_BYTES,
                max_total_bytes=_MAX_BATCH_BYTES,
            )
            files += await anyio.to_thread.run_sync(_parse, batch, read.contents)
            skipped = [item for item in batch if item.blob in read.skipped]
            if read.contents and skipped:
                # There may only have been no room for them.
                pending = skipped + pending
            else:
                problems += [_unread(item.path, read.skipped[item.blob]) for item in skipped]
        return files, problems

    def _select(self, entries: Iterable[TreeEntry]) -> tuple[list[_Wanted], tuple[Gitlink, ...]]:
        wanted: list[_Wanted] = []
        gitlinks: list[Gitlink] = []
        readers_of = self._index.readers
        for mode, blob, path in entries:
            if mode == _SUBMODULE:
                gitlinks.append(Gitlink(path, blob))
            elif mode == _LINK:
                wanted.append(_Wanted(path, blob, _LINK_READERS))
            elif readers := readers_of(path):
                wanted.append(_Wanted(path, blob, readers))
        return wanted, tuple(gitlinks)

    def _present(self, root: Path, names: Sequence[str]) -> list[str]:
        return [
            name for name in names if self._index.readers(shown(name)) and _is_regular(root / name)
        ]

    def _parse_files(
        self, contents: Mapping[str, bytes], known: Mapping[tuple[str, str], FileFacts]
    ) -> list[FileFacts]:
        files: list[FileFacts] = []
        for name, content in contents.items():
            path, blob = shown(name), blob_id(content)
            facts = known.get((path, blob))
            if facts is None:
                read = read_manifest(self._index.readers(path), path, content)
                facts = FileFacts(path, blob, read)
            files.append(facts)
        return files


def _by_content(previous: RepositoryFacts | None) -> Mapping[tuple[str, str], FileFacts]:
    return {(file.path, file.blob): file for file in previous.files} if previous else {}


def shown(name: str) -> str:
    """A file name of the operating system as text that can be stored and printed."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_regular(path: Path) -> bool:
    """Links, pipes and deleted files are not read, and nothing is wrong with them."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _unread(path: str, reason: str) -> tuple[str, Problem]:
    return path, Problem(f"The file was not read: {reason}.", 0, 0)


def contents_digest(facts: RepositoryFacts) -> str:
    """Equal for two commits whose manifests, submodules and unread files are equal."""
    digest = sha256()
    for file in facts.files:
        digest.update(f"{file.path}\0{file.blob}\0".encode("utf-8", "surrogatepass"))
    digest.update(repr((facts.gitlinks, facts.problems)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:40]


def _parse(batch: Sequence[_Wanted], contents: dict[str, bytes]) -> list[FileFacts]:
    return [
        FileFacts(path, blob, read_manifest(readers, path, contents[blob]))
        for path, blob, readers in batch
        if blob in contents
    ]
