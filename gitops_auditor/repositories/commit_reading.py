"""Reads commits whole, by two processes for a commit, and not again what is remembered."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from gitops_auditor.errors import NotFound, TooLarge
from gitops_auditor.repositories.commit_memory import CommitMemory, Listing
from gitops_auditor.repositories.git import MAX_BATCH_BYTES, MAX_BLOB_BYTES, Git, TreeEntry
from gitops_auditor.repositories.git_blobs import BlobRead, ObjectRead
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.rendered_objects import Tree

_FOLDER: Final = "040000"

AtHand = Callable[[Repository, str], Awaitable[Path | None]]
Holding = Callable[[Repository, str], Awaitable[Path]]


class CommitReader:
    """Fills its memory.

    `at_hand` is where a commit probably is, without asking git; `holding` is where it surely is,
    and raises NotFound when it is nowhere.
    """

    def __init__(self, git: Git, at_hand: AtHand, holding: Holding) -> None:
        self._git = git
        self._at_hand = at_hand
        self._holding = holding
        self.memory = CommitMemory()

    async def listing(self, repository: Repository, commit: str) -> Listing:
        """Everything that stands in a commit. Raises NotFound for an unknown one, Unavailable."""
        known = self.memory.listing(repository, commit)
        if known is not None:
            return known
        folder, entries = await self._entries(repository, commit)
        listing = _listing(entries, folder)
        self.memory.keep_listing(repository, commit, listing)
        return listing

    async def contents(
        self,
        repository: Repository,
        commit: str,
        files: Sequence[TreeEntry],
        *,
        max_blob_bytes: int = MAX_BLOB_BYTES,
        max_total_bytes: int = MAX_BATCH_BYTES,
    ) -> BlobRead:
        """The contents of files of a commit by the ids of their blobs; limits as `Git.blobs`.

        The trees on the way to them are remembered, too: who reads a file may want to change it.
        """
        found: dict[str, bytes] = {}
        for file in files:
            content = self.memory.content(repository, file.blob)
            if content is not None and len(content) <= max_blob_bytes:
                found[file.blob] = content
        missing = [file for file in files if file.blob not in found]
        if not missing:
            return BlobRead(found, {})
        read = await self._read(repository, commit, missing, (max_blob_bytes, max_total_bytes))
        if read.root:
            self.memory.keep_root(repository, commit, Tree(read.root, read.trees[read.root]))
        for name, content in (*read.trees.items(), *read.blobs.contents.items()):
            self.memory.keep_content(repository, name, content)
        return BlobRead({**found, **read.blobs.contents}, read.blobs.skipped)

    async def _read(
        self,
        repository: Repository,
        commit: str,
        files: Sequence[TreeEntry],
        limits: tuple[int, int],
    ) -> ObjectRead:
        listing = self.memory.listing(repository, commit)
        trees = self._unread_trees(repository, listing, files) if listing is not None else []
        read = partial(
            self._git.objects,
            commit=commit,
            trees=trees,
            blobs=[file.blob for file in files],
            max_blob_bytes=limits[0],
            max_total_bytes=limits[1],
        )
        if listing is not None and listing.folder is not None:
            with suppress(NotFound):
                # Unless that repository was moved or removed meanwhile.
                return await read(listing.folder)
        return await read(await self._holding(repository, commit))

    async def _entries(self, repository: Repository, commit: str) -> tuple[Path, list[TreeEntry]]:
        folder = await self._at_hand(repository, commit)
        if folder is not None:
            with suppress(NotFound):
                # Unless it is a mirror that has the commit once it is fetched.
                return folder, await self._git.listing(folder, commit)
        folder = await self._holding(repository, commit)
        return folder, await self._git.listing(folder, commit)

    def _unread_trees(
        self, repository: Repository, listing: Listing, files: Sequence[TreeEntry]
    ) -> list[str]:
        names = {listing.trees[folder] for file in files for folder in folders_above(file.path)}
        return [name for name in names if self.memory.content(repository, name) is None]


def folders_above(path: str) -> Iterator[str]:
    """Every folder on the way to a path, without the root."""
    at = path.find("/")
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)


def too_large(path: str, reason: str, limit: int) -> TooLarge:
    """That a file was not read, for its size."""
    return TooLarge(
        f"{path} cannot be read: {reason}.",
        hint="Make the file smaller.",
        details={"limit": limit},
    )


def _listing(entries: Sequence[TreeEntry], folder: Path) -> Listing:
    trees = {entry.path: entry.blob for entry in entries if entry.mode == _FOLDER}
    return Listing([entry for entry in entries if entry.mode != _FOLDER], trees, folder)
