"""Commits that the platform makes of registered repositories, in its own store; see
`rendered_store`. Nothing in a repository of a user is written to, and nothing is published.

Equal arguments give equal ids: author, date and message are given, and nothing is signed.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import anyio.to_thread

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.checked_names import check_commit, check_path
from gitops_auditor.repositories.commit_memory import Listing
from gitops_auditor.repositories.commit_reading import folders_above
from gitops_auditor.repositories.git_process import Command, Executable
from gitops_auditor.repositories.memory import Recent
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.rendered_diff import RenderedDiff, RenderedDiffs
from gitops_auditor.repositories.rendered_folder import FolderTrees
from gitops_auditor.repositories.rendered_objects import (
    ObjectFolder,
    Submodule,
    TreeEdit,
    Wanted,
    write_commit,
)
from gitops_auditor.repositories.rendered_store import RenderedStores, keep
from gitops_auditor.repositories.revisions import Revisions

SECONDS: Final = 60.0
REMEMBERED: Final = 1_000
MOST_FILES: Final = 10_000
"""Files of one commit that are given one by one."""

_GIT_FOLDER = re.compile(r"(?:\.git|git~[0-9]+)[ .]*(?::.*)?", re.IGNORECASE)


class RenderedCommit(NamedTuple):
    """A commit and its tree, full ids. `commit` is empty when the tree is that of its base."""

    commit: str
    tree: str


class RenderedCommits:
    """Makes commits and shows them. Safe to be used by several at once, also of two processes."""

    def __init__(
        self,
        revisions: Revisions,
        stores: RenderedStores,
        executable: Executable,
        *,
        most_bytes: int,
    ) -> None:
        """`most_bytes` bounds the files of a folder that is committed."""
        self._revisions = revisions
        self._stores = stores
        self._executable = executable
        self._folders = FolderTrees(executable, most_bytes)
        self._diffs = RenderedDiffs(executable)
        self._memory = revisions.commits.memory
        self._made: Recent[tuple[str, str | None, str, str], Path] = Recent(REMEMBERED)

    async def commit_files(
        self,
        repository: Repository,
        base: str,
        files: Mapping[str, bytes | None],
        message: str,
        moment: int,
        submodules: Mapping[str, str] | None = None,
    ) -> RenderedCommit:
        """A commit on `base` with these files, None for one to delete, and `submodules` at these
        commits. Files keep their modes, new ones are 100644; other paths stay as they are.

        When that changes nothing, the tree of the base and no commit. `moment` is in seconds since
        1970. Raises InvalidRequest for a path or id that cannot be, Conflict for a path that is
        another kind of thing (a folder, a link), NotFound for an unknown base, Unavailable.
        """
        wanted: dict[str, Wanted] = {**files}
        for path, commit in (submodules or {}).items():
            check_commit(commit)
            wanted[path] = Submodule(commit)
        _check_paths(wanted)
        store = await self._store_with(repository, base)
        before = await self._base_trees(repository, store, base, wanted)
        change = _Change(store, base, before, wanted, message, moment)
        made, edit = await anyio.to_thread.run_sync(_commit, change)
        if made.commit:
            self._remember(repository, change, made, edit)
        return made

    async def commit_folder(
        self, repository: Repository, base: str, folder: Path, message: str, moment: int
    ) -> RenderedCommit:
        """A commit on `base` of what stands in a folder: changed, new and deleted files, by the
        ignore rules that the folder holds; its `.git` is not read.

        Links stay links, modes are kept, submodules stay at the commits of the base. When nothing
        changed, the tree of the base and no commit. Nobody may write to the folder meanwhile.
        Raises Refused for a repository inside of the folder or a name that git refuses, TooLarge,
        NotFound for an unknown base, Unavailable, TimedOut.
        """
        store = await self._store_with(repository, base)
        before = await self._tree(store, base)
        tree = await self._folders.tree(store, base, folder)
        return await self._committed(store, base, (before, tree), message, moment)

    async def diff(
        self, repository: Repository, base: str, commit: str, most_bytes: int
    ) -> RenderedDiff:
        """What a commit changes since another; the text is cut before `most_bytes`.

        Raises NotFound for an unknown commit, Unavailable, TimedOut.
        """
        store = self._made.get((repository.id, repository.path, base, commit))
        if store is None:
            await self._revisions.holding(repository, base)
            await self._revisions.holding(repository, commit)
            store = await self._stores.of(repository)
        return await self._diffs.between(store, base, commit, most_bytes)

    async def tree_of(self, repository: Repository, commit: str) -> str:
        """The id of a commit's tree. Raises NotFound for an unknown commit."""
        known = self._memory.root(repository, commit)
        if known is not None:
            return known.id
        path = await self._revisions.holding(repository, commit)
        layout = await anyio.to_thread.run_sync(git_directory.locate, path)
        if layout is None:
            raise NotFound(f"{path} is no git repository any more.", hint="Restore it.")
        return await self._tree(layout.git_dir, commit)

    async def store(self, repository: Repository) -> Path:
        """The store of a repository, made when there is none. Raises Unavailable."""
        return await self._stores.of(repository)

    async def forget(self, repository: Repository) -> None:
        """Remove the store of a repository with every commit that is only there."""
        self._memory.forget(repository)
        self._made = Recent(REMEMBERED)
        await self._stores.forget(repository)

    async def _store_with(self, repository: Repository, base: str) -> Path:
        if not base:
            raise Refused(
                f"{repository.id} has no commit to build on.", hint="Commit something there first."
            )
        if self._memory.root(repository, base) is None:
            await self._revisions.holding(repository, base)
        return await self._stores.of(repository)

    async def _base_trees(
        self, repository: Repository, store: Path, base: str, wanted: Mapping[str, Wanted]
    ) -> tuple[str, dict[str, bytes]]:
        """The id of the root tree, and the contents of the trees on the way to paths."""
        folders = sorted({folder for path in wanted for folder in folders_above(path)})
        known = self._memory.root(repository, base)
        listing = self._memory.listing(repository, base)
        if known is None or listing is None:
            return await self._trees(store, base, folders)
        trees = {"": known.content}
        for folder in (one for one in folders if one in listing.trees):
            content = self._memory.content(repository, listing.trees[folder])
            if content is None:
                return await self._trees(store, base, folders)
            trees[folder] = content
        return known.id, trees

    def _remember(
        self, repository: Repository, change: "_Change", made: RenderedCommit, edit: TreeEdit
    ) -> None:
        """What stands in a commit whose paths are all those of its base; others are read."""
        self._made.put((repository.id, repository.path, change.base, made.commit), change.store)
        base = self._memory.listing(repository, change.base)
        if base is None or edit.replaced.keys() != change.wanted.keys():
            return
        entries = [
            entry._replace(blob=edit.replaced[entry.path].id)
            if entry.path in edit.replaced
            else entry
            for entry in base.entries
        ]
        trees = {path: tree.id for path, tree in edit.trees.items() if path}
        listing = Listing(entries, {**base.trees, **trees}, change.store)
        self._memory.keep_listing(repository, made.commit, listing)
        self._memory.keep_root(repository, made.commit, edit.trees[""])
        for tree in edit.trees.values():
            self._memory.keep_content(repository, tree.id, tree.content)
        for path, content in change.wanted.items():
            if isinstance(content, bytes):
                self._memory.keep_content(repository, edit.replaced[path].id, content)

    async def _committed(
        self, store: Path, base: str, trees: tuple[str, str], message: str, moment: int
    ) -> RenderedCommit:
        before, tree = trees
        if tree == before:
            return RenderedCommit("", before)
        commit = await anyio.to_thread.run_sync(_kept, store, base, tree, message, moment)
        return RenderedCommit(commit, tree)

    async def _tree(self, store: Path, commit: str) -> str:
        arguments = ["--verify", "--end-of-options", f"{commit}^{{tree}}"]
        command = Command("rev-parse", arguments, timeout=SECONDS, options=[f"--git-dir={store}"])
        output = await self._executable.run(command)
        if output.status:
            raise _unreadable(store, output.stderr)
        return output.stdout.decode("ascii").strip()

    async def _trees(
        self, store: Path, base: str, folders: Sequence[str]
    ) -> tuple[str, dict[str, bytes]]:
        """The id of the root tree, and the contents of the trees of folders, by one process."""
        names = [f"{base}^{{tree}}", *(f"{base}:{folder}" for folder in folders)]
        command = Command(
            "cat-file",
            ["--batch=%(objectname) %(objecttype) %(objectsize)", "--buffer"],
            timeout=SECONDS,
            options=[f"--git-dir={store}"],
            input="".join(f"{name}\n" for name in names).encode("utf-8"),
        )
        output = await self._executable.run(command)
        answers = _answers(output.stdout, len(names))
        if output.status or not answers or answers[0] is None:
            raise _unreadable(store, output.stderr)
        found = zip(["", *folders], answers, strict=True)
        trees = {path: one.content for path, one in found if one is not None and one.is_tree}
        return answers[0].id, trees


class _Change(NamedTuple):
    """What is to be in a commit; `before` are the root tree of its base and the trees by path."""

    store: Path
    base: str
    before: tuple[str, dict[str, bytes]]
    wanted: Mapping[str, Wanted]
    message: str
    moment: int


def _commit(change: _Change) -> tuple[RenderedCommit, TreeEdit]:
    objects = _objects(change.store, change.base)
    root, trees = change.before
    edit = TreeEdit(objects, trees, len(change.base) // 2)
    tree = edit.apply(change.wanted)
    if tree == root:
        return RenderedCommit("", root), edit
    commit = _kept(change.store, change.base, tree, change.message, change.moment)
    return RenderedCommit(commit, tree), edit


def _kept(store: Path, base: str, tree: str, message: str, moment: int) -> str:
    commit = write_commit(_objects(store, base), tree, base, message, moment)
    keep(store, commit)
    return commit


class _Answer(NamedTuple):
    id: str
    is_tree: bool
    content: bytes


def _answers(output: bytes, number: int) -> list[_Answer | None]:
    """What `git cat-file --batch` told of each name: `<id> <type> <size> LF <content> LF`, or a
    line that ends in the word missing.
    """
    found: list[_Answer | None] = []
    at = 0
    while len(found) < number and at < len(output):
        end = output.index(b"\n", at)
        words = output[at:end].split(b" ")
        at = end + 1
        if words[-1] == b"missing" or len(words) != 3:
            found.append(None)
            continue
        size = int(words[2])
        found.append(_Answer(words[0].decode(), words[1] == b"tree", output[at : at + size]))
        at += size + 1
    return found


def _objects(store: Path, base: str) -> ObjectFolder:
    return ObjectFolder(store / "objects", sha256=len(base) == 64)


def _check_paths(wanted: Mapping[str, Wanted]) -> None:
    if len(wanted) > MOST_FILES:
        raise InvalidRequest(
            f"There are {len(wanted)} files in one commit, more than {MOST_FILES}.",
            hint="Make the change in a folder instead.",
        )
    for path in wanted:
        check_path(path)
        if any(_GIT_FOLDER.fullmatch(part) for part in path.split("/")):
            raise InvalidRequest(
                f"{path[:200]!r} is no path of a file in a repository.",
                hint="Name a file outside of .git.",
            )


def _unreadable(store: Path, complaint: str) -> NotFound | Unavailable:
    reason = complaint.partition("\n")[0][:200]
    if reason:
        return Unavailable(
            f"The commit could not be read from {store}: {reason}.",
            hint="Run `git fsck` in the repository.",
        )
    return NotFound(f"The commit is not in {store}.", hint="Fetch it into the repository.")
