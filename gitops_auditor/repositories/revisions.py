"""Which commit a name means in a registered repository, and what stands in that commit."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import anyio.to_thread

from gitops_auditor.errors import InvalidRequest, NotFound, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.checked_names import check_commit, check_path, check_ref
from gitops_auditor.repositories.commit_memory import Listing
from gitops_auditor.repositories.commit_reading import CommitReader, too_large
from gitops_auditor.repositories.comparisons import Comparisons
from gitops_auditor.repositories.git import Git, TreeEntry
from gitops_auditor.repositories.git_directory import OBJECT_ID, GitDirectory
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.memory import Recent
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.references import References
from gitops_auditor.repositories.rendered_store import RenderedStores
from gitops_auditor.repositories.revision_names import BRANCH, REMOTE, TAG, alike, candidates
from gitops_auditor.repositories.working_copy import regular_names

WORKTREE: Final = "WORKTREE"
"""In place of a commit: HEAD with what is changed and new in the working tree."""

STAGED: Final = "STAGED"
"""In place of a commit: what a commit of the index of the working tree would hold."""

MOST_CHANGED_PATHS = 10_000
REMEMBERED: Final = 256
SMALL: Final = 1_000
"""Longer listings of folders are not remembered."""


class Revision(NamedTuple):
    """A commit and the name it was asked for by.

    `commit` is a full id, WORKTREE or STAGED. `branch` and `tag` are short names; one at most is.
    """

    commit: str
    branch: str | None
    tag: str | None
    ref: str


class Revisions:
    """Reads registered repositories at commits. Nothing in a user's repository is written to.

    With `rendered`, commits that the platform made and did not publish are read as any other.
    """

    def __init__(
        self, git: Git, locations: Locations, rendered: RenderedStores | None = None
    ) -> None:
        self._git = git
        self._locations = locations
        self._rendered = rendered
        self._references = References(git)
        self._comparisons = Comparisons(git.executable)
        self._held: Recent[tuple[Path, str], bool] = Recent(REMEMBERED)
        self._listed: Recent[tuple[Path, str, str], list[TreeEntry]] = Recent(REMEMBERED)
        self.commits = CommitReader(git, self._at_hand, self.holding)

    async def resolve(self, repository: Repository, ref: str = "") -> Revision:
        """The commit that `ref` means: a branch, tag, id (also abbreviated), WORKTREE or STAGED.

        Empty is the default branch. A name that is a branch and a tag is the branch. A mirror is
        brought up to date first. Raises InvalidRequest for what is no name, NotFound with branches
        that come near, Unavailable and Refused when the repository cannot be reached.
        """
        if ref in (WORKTREE, STAGED):
            return await self._uncommitted(repository, ref)
        if ref:
            check_ref(ref)
        known = await self._already_here(repository, ref)
        if known is not None:
            return known
        folder, branch = self._locations.registered(repository), ref or repository.default_branch
        if folder is not None and branch:
            name = candidates(branch)[0]
            head = await anyio.to_thread.run_sync(git_directory.branch_head, folder, name)
            if head is not None:
                return _revision(head, name, branch)
        path = await self._locations.current(repository)
        found = await (self._named(path, ref) if ref else self._default(repository, path))
        if found is None:
            raise await self._unknown(repository, path, ref)
        return found

    async def file(
        self, repository: Repository, commit: str, path: str, max_bytes: int
    ) -> bytes | None:
        """The content of a regular file; None when there is none of that name.

        Raises InvalidRequest for a path that leads out, NotFound for an unknown commit, TooLarge.
        """
        check_path(path)
        if commit == WORKTREE:
            return await self._worktree_file(repository, path, max_bytes)
        folder, entries = await self._listing(repository, commit, path)
        entry = Listing(entries, {}).regular(path)
        if entry is None:
            return None
        if folder is not None:
            read = await self._git.blobs(folder, [entry.blob], max_blob_bytes=max_bytes)
        else:
            files = [entry]
            read = await self.commits.contents(repository, commit, files, max_blob_bytes=max_bytes)
        if entry.blob in read.skipped:
            raise too_large(path, read.skipped[entry.blob], max_bytes)
        return read.contents[entry.blob]

    async def files(self, repository: Repository, commit: str, folder: str) -> list[str]:
        """The names of the regular files directly in a folder, sorted; empty without the folder."""
        if folder:
            check_path(folder)
        if commit == WORKTREE:
            root = await self.worktree(repository)
            return await anyio.to_thread.run_sync(regular_names, root, folder)
        listing = self.commits.memory.listing(repository, commit)
        if listing is not None:
            return listing.files(folder)
        _, entries = await self._listing(repository, commit, f"{folder}/" if folder else "")
        return Listing(entries, {}).files(folder)

    async def paths(self, repository: Repository, commit: str) -> list[str]:
        """Every path of a commit; links and submodules are among them. Raises as `file`."""
        if commit == WORKTREE:
            return await self._git.worktree_files(await self.worktree(repository))
        if commit == STAGED:
            return [entry.path for entry in (await self._listing(repository, commit, ""))[1]]
        return [entry.path for entry in (await self.commits.listing(repository, commit)).entries]

    async def checked_out(self, repository: Repository) -> Revision:
        """The branch or commit at HEAD of the registered folder; the default branch without one."""
        path = await self._locations.known(repository)
        layout = await anyio.to_thread.run_sync(git_directory.locate, path) if path else None
        if path is None or layout is None or layout.worktree is None:
            return await self.resolve(repository)
        head = await anyio.to_thread.run_sync(git_directory.head_reference, layout)
        if head is not None and head.startswith(BRANCH):
            return await self.resolve(repository, head.removeprefix(BRANCH))
        return await self.resolve(repository, await self._git.head_commit(path) or "")

    async def changed_paths(self, repository: Repository, old: str, new: str) -> list[str] | None:
        """Paths that differ between two commits; None when that cannot be told.

        It cannot when a commit is not here (a new branch has only zeros for its old one) or when
        there are more than MOST_CHANGED_PATHS.
        """
        if not (OBJECT_ID.fullmatch(old) and OBJECT_ID.fullmatch(new)):
            return None
        rendered = await self._unpublished(repository, old, new)
        path = rendered or await self._locations.known(repository)
        if path is None:
            return None
        changed = await self._git.changed_paths(path, old, new)
        return None if changed is None or len(changed) > MOST_CHANGED_PATHS else changed

    async def staged_paths(self, repository: Repository, index: Path | None = None) -> list[str]:
        """Paths that differ between HEAD and the index, a renamed file by both names, sorted.

        `index` is another index than the usual: see `staging.copy_index`. Raises InvalidRequest
        without a working tree here, Unavailable, TooLarge.
        """
        layout, root = await self._layout_with_tree(repository, index)
        head = await self._git.head_commit(root)
        return sorted(await self._comparisons.staged(layout, head, index))

    async def worktree_changed_paths(
        self, repository: Repository, base: str | None = None
    ) -> list[str]:
        """Paths that differ between a commit, HEAD without one, and the working tree, sorted.

        New files are among them unless they are ignored; submodules are not. Raises as
        `staged_paths`.
        """
        layout, root = await self._layout_with_tree(repository)
        base = base or await self._git.head_commit(root)
        here = [os.fsencode(name) for name in await self._git.worktree_files(root)]
        found = {name.decode("utf-8", "backslashreplace") for name in here}
        if base is not None:
            found -= {entry.path for entry in await self._git.tree(root, base)}
            found.update(await self._comparisons.in_worktree(layout, root, base))
        return sorted(found)

    async def changed_lines(
        self, repository: Repository, base: str, commit: str, index: Path | None = None
    ) -> Mapping[str, frozenset[int]]:
        """The numbers, from 1, of lines that are new in a commit, WORKTREE or STAGED, since `base`.

        Files without new lines are left out; a renamed file has those that changed. All lines of a
        binary file count. Raises NotFound for an unknown commit, Unavailable, TooLarge.
        """
        if commit not in (WORKTREE, STAGED):
            path = await self._holding_both(repository, base, commit)
            return await self._comparisons.lines(await self._located(path), base, commit)
        layout, root = await self._layout_with_tree(repository)
        await self._holding_both(repository, base, base)
        if commit == STAGED:
            return await self._comparisons.staged_lines(layout, base, index)
        files = await self._git.worktree_files(root)
        return await self._comparisons.worktree_lines(layout, root, base, files)

    async def renamed_paths(self, repository: Repository, base: str, commit: str) -> dict[str, str]:
        """New paths by the old ones, of files that a commit, WORKTREE or STAGED renamed since
        `base`: those that git finds alike enough. Raises as `changed_lines`.
        """
        if commit not in (WORKTREE, STAGED):
            path = await self._holding_both(repository, base, commit)
            return await self._comparisons.renamed(await self._located(path), base, commit)
        layout, root = await self._layout_with_tree(repository)
        await self.holding(repository, base)
        if commit == STAGED:
            return await self._comparisons.staged_renamed(layout, base)
        files = await self._git.worktree_files(root)
        return await self._comparisons.worktree_renamed(layout, root, base, files)

    async def merge_base(self, repository: Repository, one: str, other: str) -> str | None:
        """The newest commit that both commits contain; None when there is none.

        Raises NotFound for an unknown commit.
        """
        path = await self._holding_both(repository, one, other)
        return await self._git.merge_base(path, one, other)

    async def heads(self, repository: Repository) -> dict[str, str]:
        """What each local branch and tag names, by full name; a mirror is read as it is.

        An annotated tag names a tag object: resolve gives its commit. No process is started, but
        for a changed repository of the form reftable. Raises Unavailable when it cannot be read:
        that must not look as if every branch were gone.
        """
        path = await self._locations.known(repository)
        if path is None:
            raise Unavailable(
                f"{repository.id} is not cloned yet.", hint="Refresh the repository first."
            )
        return await self._references.of(path)

    async def holding(self, repository: Repository, commit: str) -> Path:
        """A repository on this machine that has a commit; a mirror is only fetched if it lacks it.

        Raises NotFound when the commit is nowhere to be had.
        """
        check_commit(commit)
        rendered = await self._unpublished(repository, commit)
        if rendered is not None:
            return rendered
        known = await self._locations.known(repository)
        if known is not None and await self._has(known, commit):
            return known
        path = await self._locations.current(repository)
        if await self._has(path, commit):
            return path
        raise NotFound(
            f"{repository.id} has no commit {commit} here.",
            hint="Push it, or fetch it into the repository, and start again.",
        )

    async def _holding_both(self, repository: Repository, one: str, other: str) -> Path:
        """A mirror that lacks the second is fetched, so that it has both then."""
        await self.holding(repository, one)
        path = await self.holding(repository, other)
        return await self._unpublished(repository, one) or path

    async def _unpublished(self, repository: Repository, *commits: str) -> Path | None:
        """The store of rendered commits when one of these is there; it has all others, too."""
        if self._rendered is None:
            return None
        return await self._rendered.holding(repository, commits)

    async def _at_hand(self, repository: Repository, commit: str) -> Path | None:
        """Where the commit probably is; git is not asked."""
        check_commit(commit)
        return await self._unpublished(repository, commit) or await self._locations.known(
            repository
        )

    async def _located(self, path: Path) -> GitDirectory:
        layout = await anyio.to_thread.run_sync(git_directory.locate, path)
        if layout is None:
            raise NotFound(f"{path} is no git repository any more.", hint="Restore it.")
        return layout

    async def _has(self, path: Path, commit: str) -> bool:
        """Whether the repository has the commit; one that it had a moment ago is not asked for."""
        if self._held.get((path, commit)):
            return True
        found = bool(await self._git.commits(path, [commit]))
        return self._held.put((path, commit), found) if found else False

    async def _listing(
        self, repository: Repository, commit: str, name: str
    ) -> tuple[Path | None, Sequence[TreeEntry]]:
        """Entries of a commit or of STAGED, and for that the working tree."""
        if commit == STAGED:
            layout, root = await self._layout_with_tree(repository)
            return root, await self._comparisons.staged_entries(layout, name)
        listing = self.commits.memory.listing(repository, commit)
        if listing is not None:
            entry = listing.by_path.get(name)
            return None, [entry] if entry is not None else []
        path = await self.holding(repository, commit)
        return None, await self._entries(path, commit, name)

    async def _entries(self, path: Path, commit: str, name: str) -> list[TreeEntry]:
        known = self._listed.get((path, commit, name))
        if known is not None:
            return known
        found = await self._git.entries(path, commit, name)
        return self._listed.put((path, commit, name), found) if len(found) <= SMALL else found

    async def worktree(self, repository: Repository, index: Path | None = None) -> Path:
        """The folder of the working tree, or of the linked one that an index belongs to.

        Raises InvalidRequest when there is none here.
        """
        return (await self._layout_with_tree(repository, index))[1]

    async def _layout_with_tree(
        self, repository: Repository, index: Path | None = None
    ) -> tuple[GitDirectory, Path]:
        path = await self._locations.known(repository)
        layout = await anyio.to_thread.run_sync(git_directory.locate, path) if path else None
        if layout is not None and index is not None:
            found = await anyio.to_thread.run_sync(git_directory.linked_worktree, layout, index)
            layout = found or layout
        if layout is None or layout.worktree is None:
            raise InvalidRequest(
                f"{repository.id} has no working tree on this machine.",
                hint="Name a branch, a tag or a commit.",
            )
        return layout, layout.worktree

    async def _uncommitted(self, repository: Repository, ref: str) -> Revision:
        layout, _ = await self._layout_with_tree(repository)
        head = await anyio.to_thread.run_sync(git_directory.head_reference, layout) or ""
        branch = head.removeprefix(BRANCH) if head.startswith(BRANCH) else None
        return Revision(ref, branch, None, ref)

    async def _worktree_file(
        self, repository: Repository, path: str, max_bytes: int
    ) -> bytes | None:
        root = await self.worktree(repository)
        read = await self._git.worktree_contents(root, [path], max_file_bytes=max_bytes)
        reason = read.skipped.get(path, "")
        if "more than" in reason:
            raise too_large(path, reason, max_bytes)
        return read.contents.get(path)

    async def _already_here(self, repository: Repository, ref: str) -> Revision | None:
        """A full id that is here needs no fetch."""
        if OBJECT_ID.fullmatch(ref) is None:
            return None
        path = await self._unpublished(repository, ref)
        path = path or await self._locations.known(repository)
        return await self._named(path, ref) if path is not None else None

    async def _default(self, repository: Repository, path: Path) -> Revision | None:
        branch = repository.default_branch or await self._git.default_branch(path)
        found = await self._named(path, branch) if branch is not None else None
        if found is not None:
            return found
        head = await self._git.head_commit(path)
        return Revision(head, None, None, head) if head is not None else None

    async def _named(self, path: Path, ref: str) -> Revision | None:
        names = candidates(ref)
        found = await self._git.commits(path, names)
        for name in names:
            if name in found:
                return _revision(found[name], name, ref)
        return None

    async def _unknown(self, repository: Repository, path: Path, ref: str) -> NotFound:
        if not ref:
            return NotFound(f"{repository.id} has no commit yet.", hint="Commit something first.")
        near = alike(ref, list(await self._references.of(path)))
        return NotFound(
            f"{repository.id} has no branch, tag or commit {ref!r}.",
            hint=f"Did you mean {' or '.join(near)}?" if near else "Name one that it has.",
            details={"near": [*near]},
        )


def _revision(commit: str, name: str, ref: str) -> Revision:
    for prefix in (BRANCH, REMOTE):
        if name.startswith(prefix):
            return Revision(commit, name.removeprefix(prefix), None, ref)
    tag = name.removeprefix(TAG) if name.startswith(TAG) else None
    return Revision(commit, None, tag, ref)
