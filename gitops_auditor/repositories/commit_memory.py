"""What was read of commits: it never changes, and much that makes a plan asks for it again."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from gitops_auditor.repositories.git import TreeEntry
from gitops_auditor.repositories.memory import RecentBytes
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.rendered_objects import Tree

ROOM: Final = 64 * 1024 * 1024
"""Bytes of listings, and as many of contents."""

SMALL_BYTES: Final = 64 * 1024
"""What is larger is not remembered."""

_ENTRY_BYTES: Final = 400
"""About what an entry of a listing takes beside its path."""

_REGULAR: Final = frozenset({"100644", "100755"})

Place = tuple[str, str]


class Listing:
    """Everything that stands in a commit: files, links and submodules, in git's order.

    `trees` are the ids of the trees of its folders by path, without that of the root; `folder` is
    the repository that it was read from.
    """

    def __init__(
        self,
        entries: Sequence[TreeEntry],
        trees: Mapping[str, str],
        folder: Path | None = None,
    ) -> None:
        self.entries = entries
        self.trees = trees
        self.folder = folder

    @cached_property
    def by_path(self) -> Mapping[str, TreeEntry]:
        """The entries by their paths."""
        return {entry.path: entry for entry in self.entries}

    def regular(self, path: str) -> TreeEntry | None:
        """The regular file at a path."""
        entry = self.by_path.get(path)
        return entry if entry is not None and entry.mode in _REGULAR else None

    def files(self, folder: str) -> list[str]:
        """The names of the regular files directly in a folder, sorted."""
        return sorted(self._names(f"{folder}/" if folder else ""))

    def _names(self, start: str) -> Iterator[str]:
        for mode, _, path in self.entries:
            if path.startswith(start) and mode in _REGULAR and "/" not in path[len(start) :]:
                yield path[len(start) :]

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return sum(_ENTRY_BYTES + len(entry.path) for entry in self.entries)


class CommitMemory:
    """Remembers, apart for each repository: ids are only as good as the repository they are of."""

    def __init__(self, room: int = ROOM) -> None:
        self._listings: RecentBytes[tuple[Place, str], Listing] = RecentBytes(room)
        self._contents: RecentBytes[tuple[Place, str], bytes] = RecentBytes(room)
        self._roots: RecentBytes[tuple[Place, str], Tree] = RecentBytes(room)

    def listing(self, repository: Repository, commit: str) -> Listing | None:
        """What stands in a commit."""
        return self._listings.get((_place(repository), commit))

    def keep_listing(self, repository: Repository, commit: str, listing: Listing) -> None:
        """Remember what stands in a commit."""
        self._listings.put((_place(repository), commit), listing, listing.size)

    def root(self, repository: Repository, commit: str) -> Tree | None:
        """The tree of a commit."""
        return self._roots.get((_place(repository), commit))

    def keep_root(self, repository: Repository, commit: str, root: Tree) -> None:
        """Remember the tree of a commit."""
        self._roots.put((_place(repository), commit), root, len(root.content) + _ENTRY_BYTES)

    def content(self, repository: Repository, name: str) -> bytes | None:
        """The content of the file or tree with this id."""
        return self._contents.get((_place(repository), name))

    def keep_content(self, repository: Repository, name: str, content: bytes) -> None:
        """Remember a file or tree by its id, unless it is large."""
        if len(content) <= SMALL_BYTES:
            key = _place(repository), name
            self._contents.put(key, content, len(content) + _ENTRY_BYTES)

    def forget(self, repository: Repository) -> None:
        """Forget which commits a repository has."""
        place = _place(repository)
        for commit in {name for of, name in self._listings.names() if of == place}:
            self._listings.drop((place, commit))
        for commit in {name for of, name in self._roots.names() if of == place}:
            self._roots.drop((place, commit))


def _place(repository: Repository) -> Place:
    return repository.id, repository.path or repository.clone_url or ""
