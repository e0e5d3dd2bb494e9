"""Disposable checkouts: a repository of its own at one commit, made of copies.

The objects are packed by a git that runs in the new repository and only borrows the object folder
of the source while it does. So no configuration, hook or attribute file of the source is read, and
nothing there is written, linked to or handed over.
"""

import os
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.to_thread

from gitops_auditor.errors import Conflict, GitOpsError, NotFound, Refused, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.checkout_files import (
    Listing,
    check_size,
    cut_history,
    drop_source,
    keep_tags,
    lay_out,
    parse_listing,
    write_head,
)
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.git_process import Command, Executable, Output
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.references import References
from gitops_auditor.repositories.revisions import STAGED, WORKTREE, Revisions
from gitops_auditor.repositories.staging import copy_index, drop_index
from gitops_auditor.repositories.working_copy import copy_files

HISTORY = 200
"""Commits of history in a checkout, the newest first.

Tools that make a version of `git describe` need the last release: among thirteen public projects it
lay up to 170 commits back. With 200 commits a checkout took up to 2.3 times as long as with one,
with all of them up to 12 times.
"""

MOST_FILES = 500_000

MOST_NOTES = 50
STEP_SECONDS = 300.0
"""The longest that one git command of a checkout may take."""

_TAGS = "refs/tags/"
_SET = (
    "-c", "core.fsync=none",
    "-c", "core.commitGraph=false",
    "-c", "core.autocrlf=false",
    "-c", "core.safecrlf=false",
    "-c", "core.attributesFile=/dev/null",
    "-c", "core.excludesFile=/dev/null",
    "-c", "user.name=gitops-auditor",
    "-c", "user.email=gitops-auditor@localhost",
)  # fmt: skip


class Checkout(NamedTuple):
    """What was made: the commit that is checked out and its tree, full ids.

    `notes` say what a job may miss, a sentence each.
    """

    commit: str
    tree: str
    notes: tuple[str, ...]


class Checkouts:
    """Makes checkouts of registered repositories."""

    def __init__(
        self, revisions: Revisions, git: Git, executable: Executable | None = None
    ) -> None:
        self._revisions = revisions
        self._git = git
        self._executable = executable or Executable()
        self._references = References(git)

    async def make(
        self,
        repository: Repository,
        commit: str,
        folder: Path,
        *,
        max_bytes: int,
        index: Path | None = None,
        history: bool = True,
    ) -> Checkout:
        """Check a commit, WORKTREE or STAGED out into an existing empty folder.

        WORKTREE and STAGED become commits that exist in the checkout only; `index` is where STAGED
        is read from instead of the usual index (see `staging.copy_index`). Links stay links,
        submodules empty folders, and files of git-lfs pointers. Raises NotFound for an unknown
        commit, TooLarge for files over `max_bytes` together, Refused for a tree that git refuses,
        Conflict for a merge that is not resolved in the index, TimedOut. The folder then holds
        something half-made, which is the caller's to remove.

        Without `history` it is made faster, and its repository knows the files and nothing else: no
        commit, no tag, no content of a file.
        """
        if commit == WORKTREE:
            root = await self._revisions.worktree(repository)
            return await self._of_worktree(root, folder, max_bytes, history=history)
        if commit == STAGED:
            root = await self._revisions.worktree(repository, index)
            return await self._of_index(root, index, folder, max_bytes, history=history)
        source = await self._revisions.holding(repository, commit)
        return await self._of_commit(source, commit, folder, max_bytes, history=history)

    async def _of_commit(
        self, source: Path, commit: str, folder: Path, max_bytes: int, *, history: bool
    ) -> Checkout:
        tags = await self._borrow(source, commit, folder, history=history)
        return await self._check_out(folder, commit, tags, max_bytes, history=history)

    async def _of_index(
        self, root: Path, index: Path | None, folder: Path, max_bytes: int, *, history: bool
    ) -> Checkout:
        """The index is read by the new repository; it writes the tree, which the source lacks."""
        head = await self._git.head_commit(root)
        layout = await _located(root)
        tags = await self._borrow(root, head, folder, history=history)
        git_dir = folder / ".git"
        await anyio.to_thread.run_sync(copy_index, layout, git_dir, index)
        commit = await self._commit_index(folder, head, f"What is staged on {head or 'no commit'}")
        # It calls files present that are not here.
        await anyio.to_thread.run_sync(drop_index, git_dir)
        return await self._check_out(folder, commit, tags, max_bytes, history=history)

    async def _check_out(
        self, folder: Path, commit: str, tags: list[str], max_bytes: int, *, history: bool
    ) -> Checkout:
        async with _both(partial(self._pack, folder, commit)) if history else nullcontext():
            listing = await self._listing(folder, commit)
            check_size(listing.bytes, listing.files, max_bytes, MOST_FILES)
            await self._run(folder, "read-tree", ["--reset", "-u", "--end-of-options", commit])
        tree = await self._tree(folder, commit)
        await self._settle(folder, tags)
        notes = await anyio.to_thread.run_sync(listing.notes, folder)
        return Checkout(commit, tree, notes)

    async def _of_worktree(
        self, root: Path, folder: Path, max_bytes: int, *, history: bool
    ) -> Checkout:
        head = await self._git.head_commit(root)
        names = await self._git.worktree_files(root)
        check_size(0, len(names), max_bytes, MOST_FILES)
        tags = await self._borrow(root, head, folder, history=history)
        copy = partial(copy_files, root, names, folder, max_bytes)
        async with _both(partial(self._pack_with_index, folder, head, history=history)):
            left_out = await anyio.to_thread.run_sync(copy)
        if history:
            # Before anything is added: git does not write what it finds in the source.
            await self._settle(folder, tags)
        commit = await self._commit_all(folder, head)
        listing = await self._listing(folder, commit)
        notes = await anyio.to_thread.run_sync(listing.notes, folder)
        reasons = [f"{_shown(name)} was left out: {why}." for name, why in left_out.items()]
        tree = await self._tree(folder, commit)
        if not history:
            await self._settle(folder, tags)
        return Checkout(commit, tree, (*notes, *sorted(reasons)[:MOST_NOTES]))

    async def _borrow(
        self, source: Path, commit: str | None, folder: Path, *, history: bool
    ) -> list[str]:
        """Make the new repository, which reads the objects of the source for now."""
        layout = await _located(source)
        references = await self._references.of(source) if history else {}
        tags = {name: target for name, target in references.items() if name.startswith(_TAGS)}
        await anyio.to_thread.run_sync(lay_out, folder, layout, commit, tags)
        if commit is not None and history:
            arguments = [f"--max-count={HISTORY}", "--parents", "--end-of-options", commit]
            listed = await self._run(folder, "rev-list", arguments)
            await anyio.to_thread.run_sync(cut_history, folder, listed.stdout)
        return sorted(set(tags.values()))

    async def _pack(self, folder: Path, commit: str) -> None:
        """Copy the objects. What the source has packed is taken as it is, and other is neither
        searched for deltas nor compressed: for a folder that is thrown away that is time lost. A
        partial clone lacks old files; that those of the commit are there, checking out shows.
        """
        destination = str(folder / ".git/objects/pack/pack")
        arguments = ["--revs", "--include-tag", "--delta-base-offset", "--window=0"]
        arguments += ["--compression=0", "--missing=allow-any", "--quiet"]
        await self._run(folder, "pack-objects", [*arguments, destination], f"{commit}\n")

    async def _pack_with_index(self, folder: Path, commit: str | None, *, history: bool) -> None:
        if commit is not None:
            if history:
                await self._pack(folder, commit)
            await self._run(folder, "read-tree", ["--end-of-options", commit])

    async def _listing(self, folder: Path, commit: str) -> Listing:
        arguments = ["-r", "-l", "-z", "--full-tree", "--end-of-options", commit]
        listed = await self._run(folder, "ls-tree", arguments)
        return await anyio.to_thread.run_sync(parse_listing, listed.stdout)

    async def _commit_all(self, folder: Path, head: str | None) -> str:
        # Ignored files are not in the folder, and those that are tracked all the same belong in.
        await self._run(folder, "add", ["--all", "--force", "--", "."])
        return await self._commit_index(folder, head, f"Working tree on {head or 'no commit'}")

    async def _commit_index(self, folder: Path, head: str | None, message: str) -> str:
        tree = (await self._run(folder, "write-tree", [])).stdout.decode().strip()
        parents = ["-p", head] if head is not None else []
        arguments = [*parents, "-m", message, tree]
        committed = await self._run(folder, "commit-tree", arguments)
        commit = committed.stdout.decode().strip()
        await anyio.to_thread.run_sync(write_head, folder, commit)
        return commit

    async def _tree(self, folder: Path, commit: str) -> str:
        arguments = ["--verify", "--end-of-options", f"{commit}^{{tree}}"]
        return (await self._run(folder, "rev-parse", arguments)).stdout.decode("ascii").strip()

    async def _settle(self, folder: Path, tags: list[str]) -> None:
        """Let go of the source, and of the tags that the history here does not reach."""
        await anyio.to_thread.run_sync(drop_source, folder)
        if tags:
            asked = "".join(f"{target}\n" for target in tags)
            checked = await self._run(folder, "cat-file", ["--batch-check"], asked)
            await anyio.to_thread.run_sync(keep_tags, folder, checked.stdout)

    async def _run(
        self, folder: Path, name: str, arguments: Sequence[str], fed: str = ""
    ) -> Output:
        command = Command(
            name,
            arguments,
            timeout=STEP_SECONDS,
            options=["-C", str(folder), f"--git-dir={folder}/.git", f"--work-tree={folder}", *_SET],
            input=fed.encode("ascii"),
        )
        output = await self._executable.run(command)
        if output.status:
            raise _failed(name, output)
        return output


@asynccontextmanager
async def _both(other: Callable[[], Coroutine[object, object, None]]) -> AsyncIterator[None]:
    """Run `other` beside the block; the first failure ends both and is the one that is raised."""
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(other)
            yield
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _located(source: Path) -> GitDirectory:
    layout = await anyio.to_thread.run_sync(git_directory.locate, source)
    if layout is None:
        raise NotFound(
            f"{source} is no git repository any more.",
            hint="Restore it, or remove it from the registry.",
        )
    return layout


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _failed(name: str, output: Output) -> GitOpsError:
    complaint = next(iter(output.stderr.splitlines()), f"status {output.status}")[:200]
    if "invalid path" in output.stderr:
        return Refused(
            f"The commit cannot be checked out: {complaint}",
            hint="Remove that path from the repository.",
        )
    if name == "write-tree" and "unmerged" in output.stderr:
        return Conflict(
            f"A merge is not resolved in the index: {complaint}",
            hint="Resolve it, and stage the files with git add.",
        )
    return Unavailable(
        f"The checkout could not be made (git {name}): {complaint}",
        hint="Check the free space, and run `git fsck` in the repository.",
    )
