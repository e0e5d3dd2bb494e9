"""What the platform asks of git. Nothing here writes to a repository that a user made."""

import os
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.from_thread
import anyio.to_thread

from gitops_auditor.errors import InvalidRequest, NotFound, TooLarge, Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git_blobs import BatchParser, BlobRead, ObjectRead
from gitops_auditor.repositories.git_directory import OBJECT_ID, GitDirectory, UnresolvedHead
from gitops_auditor.repositories.git_process import Command, Executable, Output
from gitops_auditor.repositories.git_transfer import (
    Progress,
    clone_command,
    complaint,
    fetch_command,
    head_command,
    progress_sink,
)
from gitops_auditor.repositories.network import Pinned
from gitops_auditor.repositories.working_tree import read_files

MAX_BLOB_BYTES = 8 * 1024 * 1024
MAX_BATCH_BYTES = 128 * 1024 * 1024
_NAMES_BYTES = 16 * 1024 * 1024
_SHORT_BYTES = 16 * 1024
_PLAIN_NAME = re.compile(r"[^-\x00-\x20\x7f~^:?*\[\\][^\x00-\x20\x7f~^:?*\[\\]*")


class TreeEntry(NamedTuple):
    """One entry of a commit's tree.

    `mode` is git's octal text: 100644, 100755, 120000 (symbolic link) or 160000 (submodule, whose
    `blob` is a commit id). Bytes of `path` that are not UTF-8 appear as `\\xff`.
    """

    mode: str
    blob: str
    path: str


class Git:
    """Reads repositories by argument lists with bounded time and output."""

    def __init__(
        self,
        executable: Executable | None = None,
        *,
        read_timeout: float = 60,
        transfer_timeout: float = 1800,
    ) -> None:
        self._executable = executable or Executable()
        self._read_timeout = read_timeout
        self._transfer_timeout = transfer_timeout

    @property
    def executable(self) -> Executable:
        """The program, with its bound on how many run at once."""
        return self._executable

    async def is_repository(self, path: Path) -> bool:
        """Whether `path` is the top folder of a repository: checkout, linked worktree or bare."""
        return await anyio.to_thread.run_sync(git_directory.locate, path) is not None

    async def head_commit(self, path: Path) -> str | None:
        """The id of the commit at HEAD; None when the branch has no commit yet.

        Raises NotFound when `path` is no repository.
        """
        layout = await _layout(path)
        try:
            return await anyio.to_thread.run_sync(git_directory.head_commit, layout)
        except UnresolvedHead:
            return await self._parsed_head(layout)

    async def origin_url(self, path: Path) -> str | None:
        """The URL of the remote `origin` as configured; it may hold credentials."""
        return await anyio.to_thread.run_sync(git_directory.origin_url, await _layout(path))

    async def default_branch(self, path: Path) -> str | None:
        """The short name of the branch `origin` calls its default, else of the one checked out."""
        return await anyio.to_thread.run_sync(git_directory.default_branch, await _layout(path))

    async def tree(self, path: Path, commit: str) -> list[TreeEntry]:
        """Every file, link and submodule of a commit, in git's order.

        Raises NotFound for a path that is no repository or a commit it lacks.
        """
        return await self._listed(path, commit, ["-r"])

    async def listing(self, path: Path, commit: str) -> list[TreeEntry]:
        """As `tree`, with an entry of the mode 040000 for each folder, before what is in it."""
        return await self._listed(path, commit, ["-r", "-t"])

    async def entries(self, path: Path, commit: str, name: str) -> list[TreeEntry]:
        """The entry called `name` in a commit; with a slash at its end, what the folder holds.

        Empty when there is none; folders have the mode 040000. Raises as `tree`.
        """
        return await self._listed(path, commit, [], [name] if name else [])

    async def _listed(
        self, path: Path, commit: str, options: Sequence[str], names: Sequence[str] = ()
    ) -> list[TreeEntry]:
        arguments = [*options, "-z", "--full-tree", "--end-of-options", _object_id(commit), *names]
        output = await self._read(path, "ls-tree", arguments)
        if output.status:
            raise _unread_tree(path, commit, output)
        if len(output.stdout) < _SHORT_BYTES:
            return _tree_entries(output.stdout)
        return await anyio.to_thread.run_sync(_tree_entries, output.stdout)

    async def commits(self, path: Path, names: Sequence[str]) -> dict[str, str]:
        """The id of the commit that each name leads to; a name that leads to none is left out.

        Names are full ones of references (`refs/heads/main`) or ids, also abbreviated. Raises
        InvalidRequest for anything with a meaning of its own in git's revision syntax.
        """
        wanted = [_plain_name(name) for name in names]
        command = Command(
            "cat-file",
            ["--batch-check", "--buffer"],
            timeout=self._read_timeout,
            options=partial(_found, path),
            input="".join(f"{name}^{{commit}}\n" for name in wanted).encode(
                "utf-8", "surrogateescape"
            ),
        )
        output = await self._executable.run(command)
        answers = [line.split(b" ") for line in output.stdout.splitlines()]
        if output.status or len(answers) != len(wanted):
            raise _failed("look up commits in", path, output)
        found = zip(wanted, answers, strict=True)
        return {name: words[0].decode() for name, words in found if words[1] == b"commit"}

    async def changed_paths(self, path: Path, old: str, new: str) -> list[str] | None:
        """Paths that differ between two commits, a renamed file by both names, in git's order.

        None when that cannot be told: a commit is missing, or the names exceed 16 MiB.
        """
        arguments = ["-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv"]
        arguments += ["--end-of-options", _object_id(old), _object_id(new)]
        command = Command(
            "diff-tree",
            arguments,
            timeout=self._read_timeout,
            options=partial(_found, path),
            max_output=_NAMES_BYTES,
        )
        try:
            output = await self._executable.run(command)
        except TooLarge:
            return None
        if output.status:
            return None
        return output.stdout.decode("utf-8", "backslashreplace").split("\0")[:-1]

    async def merge_base(self, path: Path, one: str, other: str) -> str | None:
        """The best commit that both commits contain; None when there is none.

        Raises NotFound when a commit is missing.
        """
        arguments = ["--end-of-options", _object_id(one), _object_id(other)]
        output = await self._read(path, "merge-base", arguments)
        if output.status not in (0, 1):
            raise NotFound(
                f"{path} lacks {one} or {other}, or a part of their history.",
                hint="Fetch them. git says: " + _first_line(output),
            )
        return output.stdout.decode("ascii", "replace").strip() or None

    async def references(self, path: Path) -> dict[str, str]:
        """What each branch and tag names, by its full name, asked of git itself."""
        arguments = ["--format=%(objectname) %(refname)", "refs/heads/", "refs/tags/"]
        output = await self._read(path, "for-each-ref", arguments)
        if output.status:
            raise _failed("list the branches of", path, output)
        lines = output.stdout.decode("utf-8", "surrogateescape").splitlines()
        return {name: target for target, _, name in (line.partition(" ") for line in lines)}

    async def blobs(
        self,
        path: Path,
        ids: Sequence[str],
        *,
        max_blob_bytes: int = MAX_BLOB_BYTES,
        max_total_bytes: int = MAX_BATCH_BYTES,
    ) -> BlobRead:
        """The contents of blobs by id, read by one process.

        A blob over `max_blob_bytes`, or one that would bring the sum over `max_total_bytes`, is
        left out and named in `skipped` with the reason, as is an id that the repository lacks.
        """
        wanted = list(dict.fromkeys(_object_id(blob) for blob in ids))
        if not wanted:
            return BlobRead({}, {})
        parser = BatchParser(max_blob_bytes, max_total_bytes)
        await self._batch(path, wanted, parser)
        return parser.result()

    async def objects(
        self,
        path: Path,
        commit: str,
        trees: Sequence[str],
        blobs: Sequence[str],
        *,
        max_blob_bytes: int = MAX_BLOB_BYTES,
        max_total_bytes: int = MAX_BATCH_BYTES,
    ) -> ObjectRead:
        """The tree of a commit, trees and blobs by id, read by one process; limits as `blobs`."""
        names = dict.fromkeys(_object_id(name) for name in (*blobs, *trees))
        parser = BatchParser(max_blob_bytes, max_total_bytes, trees, is_rooted=True)
        await self._batch(path, [f"{_object_id(commit)}^{{tree}}", *names], parser)
        return parser.objects()

    async def _batch(self, path: Path, names: Sequence[str], parser: BatchParser) -> None:
        command = Command(
            "cat-file",
            ["--batch", "--buffer"],
            timeout=self._read_timeout,
            options=partial(_found, path),
            max_output=1 << 40,
            input="".join(f"{name}\n" for name in names).encode("ascii"),
        )
        output = await self._executable.run(command, stdout=parser.feed)
        if output.status or not parser.at_boundary:
            raise _failed("read contents from", path, output)

    async def worktree_files(self, path: Path) -> list[str]:
        """Paths of files in the working tree that are tracked or new and not ignored, sorted.

        Names that are not UTF-8 carry surrogate escapes, so that the file can be opened by them.
        """
        layout = await _layout(path)
        if layout.worktree is None:
            raise InvalidRequest(
                f"{path} is a bare repository and has no working tree.",
                hint="Read a commit instead.",
            )
        names = ["-z", "--cached", "--others", "--exclude-standard"]
        output = await self._read(layout, "ls-files", names)
        if output.status:
            raise _failed("list the files of", path, output)
        return sorted({os.fsdecode(name) for name in output.stdout.split(b"\0") if name})

    async def worktree_contents(
        self, path: Path, names: Sequence[str], *, max_file_bytes: int = MAX_BLOB_BYTES
    ) -> BlobRead:
        """Contents of files of the working tree by name; neither links nor special files are read.

        What is not a regular file inside `path`, or is over `max_file_bytes`, is in `skipped`.
        """
        return await anyio.to_thread.run_sync(read_files, path, names, max_file_bytes)

    async def clone(
        self,
        source: Pinned,
        destination: Path,
        protocols: Sequence[str],
        progress: Progress | None = None,
    ) -> None:
        """A bare clone of branches and tags at `destination`, which must not exist.

        Raises Unavailable when the source cannot be reached or read, and TimedOut.
        """
        command = clone_command(source, destination, protocols, self._transfer_timeout)
        await self._transfer(command, source, progress)

    async def fetch_mirror(
        self,
        path: Path,
        source: Pinned,
        protocols: Sequence[str],
        progress: Progress | None = None,
    ) -> None:
        """Bring a bare clone to the branches, tags and default branch of its source.

        Raises as `clone` does; branches that are gone at the source are gone here too.
        """
        command = fetch_command(path, source, protocols, self._transfer_timeout)
        await self._transfer(command, source, progress)
        head = await self._transfer(
            head_command(source, protocols, self._transfer_timeout), source, None
        )
        branch = re.match(rb"ref: (refs/heads/[^\s]+)\tHEAD\n", head.stdout)
        if branch is not None:
            arguments = ["HEAD", branch[1].decode("utf-8", "surrogateescape")]
            await self._read(path, "symbolic-ref", arguments)

    async def _transfer(
        self, command: Command, source: Pinned, progress: Progress | None
    ) -> Output:
        sink = progress_sink(progress) if progress is not None else None
        output = await self._executable.run(command, stderr=sink)
        if output.status:
            raise Unavailable(
                f"git could not {command.name} {source.source.url}: {complaint(output)}",
                hint="Check the URL and that git here can reach it without asking for anything.",
            )
        return output

    async def version(self) -> str:
        """The version of git, for example "2.39.5"; raises Unavailable when there is none."""
        output = await self._executable.run(Command("version", [], timeout=self._read_timeout))
        found = re.search(r"\d+(?:\.\d+)+", output.stdout.decode("utf-8", "replace"))
        return found[0] if found else "unknown"

    async def _parsed_head(self, layout: GitDirectory) -> str | None:
        arguments = ["--verify", "--quiet", "--end-of-options", "HEAD^{commit}"]
        output = await self._read(layout, "rev-parse", arguments)
        commit = output.stdout.decode("ascii", "replace").strip()
        if output.status == 0 and OBJECT_ID.fullmatch(commit):
            return commit
        if output.status == 1 and await anyio.Path(layout.common_dir / "reftable").is_dir():
            return None
        raise _failed("resolve HEAD of", layout.git_dir, output)

    async def _read(self, at: GitDirectory | Path, name: str, arguments: list[str]) -> Output:
        options = partial(_found, at) if isinstance(at, Path) else _at(at)
        command = Command(name, arguments, timeout=self._read_timeout, options=options)
        return await self._executable.run(command)


def _located(path: Path) -> GitDirectory:
    layout = git_directory.locate(path)
    if layout is None:
        raise NotFound(
            f"{path} is not the top folder of a git repository.",
            hint="Name a folder that has a .git entry, or a bare repository.",
        )
    return layout


async def _layout(path: Path) -> GitDirectory:
    return await anyio.to_thread.run_sync(_located, path)


def _found(path: Path) -> list[str]:
    return _at(_located(path))


def _at(layout: GitDirectory) -> list[str]:
    """Names the repository outright: parents are not searched, and ownership is not asked about."""
    options = [f"--git-dir={layout.git_dir.absolute()}"]
    if layout.worktree is not None:
        worktree = layout.worktree.absolute()
        options = ["-C", str(worktree), *options, f"--work-tree={worktree}"]
    return options


def _object_id(text: str) -> str:
    if OBJECT_ID.fullmatch(text) is None:
        raise InvalidRequest(
            f"{text[:80]!r} is not a full object id.", hint="Give 40 or 64 hexadecimal digits."
        )
    return text


def _plain_name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name) is None or "@{" in name:
        raise InvalidRequest(
            f"{name[:80]!r} is not the name of a branch, a tag or a commit.",
            hint="Give a branch, a tag, or the id of a commit.",
        )
    return name


def _unread_tree(path: Path, commit: str, output: Output) -> NotFound:
    return NotFound(
        f"The tree of commit {commit} could not be read from {path}.",
        hint="Fetch the commit, or run `git fsck` there. git says: " + _first_line(output),
    )


def _tree_entries(listing: bytes) -> list[TreeEntry]:
    """The entries of `git ls-tree -r -z`: mode, type and id, a tab, the path, a zero."""
    text = listing.decode("utf-8", "backslashreplace")
    heads = [record.partition("\t") for record in text.split("\0")[:-1]]
    return [TreeEntry(head[:6], head.rpartition(" ")[2], path) for head, _, path in heads]


def _first_line(output: Output) -> str:
    return output.stderr.partition("\n")[0][:200] or f"status {output.status}"


def _failed(what: str, path: Path, output: Output) -> Unavailable:
    return Unavailable(
        f"git could not {what} {path}: {_first_line(output)}",
        hint="Run `git fsck` in that repository; it may be damaged.",
    )
