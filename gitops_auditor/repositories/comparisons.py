"""What differs between commits, the index and the working tree of a repository.

Git works in an empty repository of ours that borrows the objects and gets a copy of the index. So
no configuration of the user's repository is read (its filters and drivers are programs) and nothing
there is written, not even the times of files.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.errors import Unavailable
from gitops_auditor.repositories.changed_lines import added_lines
from gitops_auditor.repositories.checkout_files import lay_out
from gitops_auditor.repositories.git import TreeEntry
from gitops_auditor.repositories.git_directory import GitDirectory
from gitops_auditor.repositories.git_process import Command, Executable, Output
from gitops_auditor.repositories.staging import copy_index

SECONDS: Final = 120.0
MOST_PATCH_BYTES: Final = 128 * 1024 * 1024

# Files that are only meant to be added are not in a commit of the index.
_CACHED = ("--cached", "--ita-invisible-in-index")
_PLAIN = ("--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
_NAMES = (*_PLAIN, "-z", "--name-only", "--no-renames")
# More names than that on both sides are only compared by what they hold exactly.
_RENAMES = (*_PLAIN, "-z", "--name-status", "--find-renames", "-l1000", "--diff-filter=R")
_PATCH = (
    *_PLAIN,
    "--patch", "--unified=0", "--inter-hunk-context=0", "--no-color", "--find-renames",
    "--src-prefix=a/", "--dst-prefix=b/",
    # Else a change could hide its lines by attributes.
    "--text",
)  # fmt: skip
_SET = ("-c", "core.attributesFile=/dev/null", "-c", "core.fsync=none", "-c", "core.autocrlf=false")


class Comparisons:
    """Compares what repositories on this machine hold; names that are not UTF-8 carry `\\xff`."""

    def __init__(self, executable: Executable) -> None:
        self._executable = executable

    async def staged(
        self, source: GitDirectory, base: str | None, index: Path | None = None
    ) -> list[str]:
        """Paths that differ between a commit (None for nothing at all) and the index."""
        async with _borrowing(source, base) as folder:
            await anyio.to_thread.run_sync(copy_index, source, folder / ".git", index)
            tree = base or await self._empty_tree(folder)
            listed = await self._run(folder, folder, "diff-index", [*_CACHED, *_NAMES, tree, "--"])
            return _names(listed.stdout)

    async def staged_entries(self, source: GitDirectory, name: str = "") -> list[TreeEntry]:
        """What a commit of the index would hold: all of it, or a path and what is below it."""
        async with _borrowing(source, None) as folder:
            await anyio.to_thread.run_sync(copy_index, source, folder / ".git")
            arguments = [*_CACHED, "--raw", "-z", "--no-renames", "--no-abbrev"]
            arguments += [await self._empty_tree(folder), "--", *([name] if name else [])]
            listed = await self._run(folder, folder, "diff-index", arguments)
            return _entries(listed.stdout)

    async def in_worktree(self, source: GitDirectory, root: Path, base: str) -> list[str]:
        """Paths of a commit that the working tree has otherwise, or not at all."""
        async with _borrowing(source, base) as folder:
            await self._read_base(folder, root, base)
            listed = await self._run(folder, root, "diff-files", [*_NAMES, "--"])
            return _names(listed.stdout)

    async def lines(
        self, source: GitDirectory, base: str, commit: str
    ) -> Mapping[str, frozenset[int]]:
        """The lines of each file that are new in a commit since `base`."""
        async with _borrowing(source, base) as folder:
            arguments = ["-r", *_PATCH, "--end-of-options", base, commit]
            return await self._added(folder, folder, "diff-tree", arguments)

    async def staged_lines(
        self, source: GitDirectory, base: str, index: Path | None = None
    ) -> Mapping[str, frozenset[int]]:
        """The lines of each file that are new in the index since `base`."""
        async with _borrowing(source, base) as folder:
            await anyio.to_thread.run_sync(copy_index, source, folder / ".git", index)
            arguments = [*_CACHED, *_PATCH, base, "--"]
            return await self._added(folder, folder, "diff-index", arguments)

    async def worktree_lines(
        self, source: GitDirectory, root: Path, base: str, files: Sequence[str]
    ) -> Mapping[str, frozenset[int]]:
        """The lines that are new in the working tree since `base`; `files` are all files there."""
        async with _borrowing(source, base) as folder:
            await self._read_base(folder, root, base)
            await self._add_new(folder, root, files)
            return await self._added(folder, root, "diff-files", [*_PATCH, "--"])

    async def renamed(self, source: GitDirectory, base: str, commit: str) -> dict[str, str]:
        """The new paths of files that a commit renamed since `base`, by the old ones."""
        async with _borrowing(source, base) as folder:
            arguments = ["-r", *_RENAMES, "--end-of-options", base, commit]
            listed = await self._run(folder, folder, "diff-tree", arguments)
            return _pairs(listed.stdout)

    async def staged_renamed(self, source: GitDirectory, base: str) -> dict[str, str]:
        """The new paths of files that are renamed in the index since `base`, by the old ones."""
        async with _borrowing(source, base) as folder:
            await anyio.to_thread.run_sync(copy_index, source, folder / ".git")
            arguments = [*_CACHED, *_RENAMES, base, "--"]
            listed = await self._run(folder, folder, "diff-index", arguments)
            return _pairs(listed.stdout)

    async def worktree_renamed(
        self, source: GitDirectory, root: Path, base: str, files: Sequence[str]
    ) -> dict[str, str]:
        """The new paths of files that the working tree renamed since `base`, by the old ones.

        `files` are all files there.
        """
        async with _borrowing(source, base) as folder:
            await self._read_base(folder, root, base)
            await self._add_new(folder, root, files)
            listed = await self._run(folder, root, "diff-index", [*_RENAMES, base, "--"])
            return _pairs(listed.stdout)

    async def _read_base(self, folder: Path, root: Path, base: str) -> None:
        """Fill the index from a commit rather than the user's, which may call files unchanged."""
        await self._run(folder, root, "read-tree", ["--end-of-options", base])
        refresh = ["-q", "--ignore-submodules", "--refresh"]
        await self._run(folder, root, "update-index", refresh, fine=(0, 1))

    async def _add_new(self, folder: Path, root: Path, files: Sequence[str]) -> None:
        """Let files that the commit lacks count as changed: all of their lines are new then.

        They changed from what nobody else has: git touches what it is to write and the source has.
        """
        listed = await self._run(folder, root, "ls-files", ["-z"])
        known = {*listed.stdout.split(b"\0")}
        arguments, unlike = ["-w", "--stdin"], secrets.token_bytes()
        blob = (await self._run(folder, root, "hash-object", arguments, fed=unlike)).stdout.strip()
        new = [name for name in map(os.fsencode, files) if name not in known]
        fed = b"".join(b"100644 %s\t%s\0" % (blob, name) for name in new)
        if fed:
            arguments = ["--add", "--replace", "-z", "--index-info"]
            await self._run(folder, root, "update-index", arguments, fed=fed)

    async def _empty_tree(self, folder: Path) -> str:
        made = await self._run(folder, folder, "hash-object", ["-t", "tree", "--stdin"])
        return made.stdout.decode("ascii").strip()

    async def _added(
        self, folder: Path, root: Path, name: str, arguments: Sequence[str]
    ) -> Mapping[str, frozenset[int]]:
        patch = await self._run(folder, root, name, arguments)
        return await anyio.to_thread.run_sync(added_lines, patch.stdout)

    async def _run(
        self,
        folder: Path,
        root: Path,
        name: str,
        arguments: Sequence[str],
        *,
        fed: bytes = b"",
        fine: Sequence[int] = (0,),
    ) -> Output:
        command = Command(
            name,
            arguments,
            timeout=SECONDS,
            options=["-C", str(root), *_at(folder, root), *_SET],
            max_output=MOST_PATCH_BYTES,
            input=fed,
        )
        output = await self._executable.run(command)
        if output.status not in fine:
            complaint = next(iter(output.stderr.splitlines()), f"status {output.status}")[:200]
            raise Unavailable(
                f"What changed could not be found out (git {name}): {complaint}",
                hint="Check that the base is fetched, and run `git fsck` in the repository.",
            )
        return output


@asynccontextmanager
async def _borrowing(source: GitDirectory, commit: str | None) -> AsyncIterator[Path]:
    """A folder with an empty repository that reads the objects of the source."""
    folder = Path(await anyio.to_thread.run_sync(tempfile.mkdtemp, None, "gitops-auditor-"))
    try:
        await anyio.to_thread.run_sync(lay_out, folder, source, commit, {})
        yield folder
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(shutil.rmtree, folder)


def _at(folder: Path, root: Path) -> list[str]:
    return [f"--git-dir={folder.absolute()}/.git", f"--work-tree={root.absolute()}"]


def _names(listed: bytes) -> list[str]:
    return listed.decode("utf-8", "backslashreplace").split("\0")[:-1]


def _pairs(listed: bytes) -> dict[str, str]:
    """Of `--name-status -z`: `R` with how alike they are, the old path and the new one."""
    fields = _names(listed)
    return dict(zip(fields[1::3], fields[2::3], strict=True))


def _entries(listed: bytes) -> list[TreeEntry]:
    """The second halves of `--raw -z`: `:mode mode id id status`, a zero, the path, a zero."""
    fields = _names(listed)
    heads = [head.split(" ") for head in fields[::2]]
    found = zip(heads, fields[1::2], strict=True)
    return [TreeEntry(head[1], head[3], path) for head, path in found if head[4] != "U"]
