"""The manifests of a commit that speak of certain names, with their content and what they say."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import anyio.to_thread

from gitops_auditor.dependencies.manifests.reader import ManifestReader
from gitops_auditor.dependencies.models import ManifestFacts
from gitops_auditor.dependencies.reading import ManifestIndex, read_manifest
from gitops_auditor.dependencies.scanner import MAX_FILE_BYTES
from gitops_auditor.dependencies.snapshots import FileFacts, Gitlink, RepositoryFacts
from gitops_auditor.repositories.git import TreeEntry
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

_BATCH: Final = 500
_MOST_BYTES: Final = 24 * 1024 * 1024
"""Read at a time, which bounds memory."""

_FEW: Final = 500
"""Paths that are looked at without another thread, which takes longer to be asked."""

_REGULAR: Final = frozenset({"100644", "100755"})
_SUBMODULE: Final = "160000"
_INDEX: Final = ManifestIndex()


class Manifest(NamedTuple):
    """A regular file that a reader of manifests claims."""

    path: str
    blob: str
    content: bytes
    facts: ManifestFacts


class TreeManifests(NamedTuple):
    """Manifests in the order of their paths, and the submodules of the tree."""

    commit: str
    files: tuple[Manifest, ...]
    gitlinks: tuple[Gitlink, ...]

    @property
    def facts(self) -> RepositoryFacts:
        """The same as a scan has it."""
        files = tuple(FileFacts(one.path, one.blob, one.facts) for one in self.files)
        return RepositoryFacts(self.commit, files, self.gitlinks)


class _Claimed(NamedTuple):
    entry: TreeEntry
    readers: tuple[ManifestReader, ...]


class ManifestTrees:
    """Reads the manifests of commits, also of rendered ones."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    async def with_words(
        self, repository: Repository, commit: str, words: Collection[bytes]
    ) -> TreeManifests:
        """Manifests in which one of `words`, given in lower case, stands in whatever case;
        `.gitmodules` always.

        Files beyond MAX_FILE_BYTES are left out, as a scan leaves them out. Raises NotFound for an
        unknown commit, Unavailable and TimedOut.
        """
        return await self._read(repository, commit, words)

    async def whole(self, repository: Repository, commit: str) -> TreeManifests:
        """Every manifest. Raises as `with_words`."""
        return await self._read(repository, commit, None)

    async def _read(
        self, repository: Repository, commit: str, words: Collection[bytes] | None
    ) -> TreeManifests:
        entries = (await self._revisions.commits.listing(repository, commit)).entries
        few = len(entries) <= _FEW
        claimed = _claimed(entries) if few else await anyio.to_thread.run_sync(_claimed, entries)
        gitlinks = tuple(Gitlink(one.path, one.blob) for one in entries if one.mode == _SUBMODULE)
        found: list[Manifest] = []
        while claimed:
            batch, rest = claimed[:_BATCH], claimed[_BATCH:]
            contents = await self._contents(repository, commit, batch)
            found += await anyio.to_thread.run_sync(_parsed, batch, contents, words)
            # What is not there may only have had no room beside the others.
            left = [one for one in batch if one.entry.blob not in contents] if contents else []
            claimed = left + rest
        return TreeManifests(commit, tuple(sorted(found, key=lambda one: one.path)), gitlinks)

    async def _contents(
        self, repository: Repository, commit: str, batch: Sequence[_Claimed]
    ) -> dict[str, bytes]:
        read = await self._revisions.commits.contents(
            repository,
            commit,
            [one.entry for one in batch],
            max_blob_bytes=MAX_FILE_BYTES,
            max_total_bytes=_MOST_BYTES,
        )
        return read.contents


def _claimed(entries: Sequence[TreeEntry]) -> list[_Claimed]:
    regular = (entry for entry in entries if entry.mode in _REGULAR)
    read = (_Claimed(entry, _INDEX.readers(entry.path)) for entry in regular)
    return [one for one in read if one.readers]


def _parsed(
    claimed: Sequence[_Claimed], contents: dict[str, bytes], needles: Collection[bytes] | None
) -> list[Manifest]:
    found: list[Manifest] = []
    for entry, readers in claimed:
        content = contents.get(entry.blob)
        if content is not None and (_speaks(content, needles) or entry.path == ".gitmodules"):
            facts = read_manifest(readers, entry.path, content)
            found.append(Manifest(entry.path, entry.blob, content, facts))
    return found


def _speaks(content: bytes, needles: Collection[bytes] | None) -> bool:
    if needles is None:
        return True
    lowered = content.lower()
    return any(needle in lowered for needle in needles)
