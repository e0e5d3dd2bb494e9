"""The tree that a folder comes to, by git's own rules but without a repository in that folder.

Git is given a git folder of ours: its index starts as that of the base, its objects are the
store's. No configuration, hook or filter of anybody's is read; attributes such as `eol` count.
"""

import os
import secrets
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import anyio
import anyio.to_thread

from gitops_auditor.errors import GitOpsError, Refused, TooLarge, Unavailable
from gitops_auditor.repositories.git_process import Command, Executable, Output
from gitops_auditor.repositories.rendered_store import WORK, drop_abandoned, writing

SECONDS: Final = 300.0
MOST_FILES: Final = 500_000

_SUBMODULE = b"160000"
_SET = (
    "-c", "core.attributesFile=/dev/null",
    "-c", "core.autocrlf=false",
    "-c", "core.safecrlf=false",
    "-c", "core.symlinks=true",
    "-c", "advice.addEmbeddedRepo=false",
)  # fmt: skip


class _Pin(NamedTuple):
    """A submodule of the base."""

    path: bytes
    commit: bytes


class FolderTrees:
    """Writes the trees of folders into stores."""

    def __init__(self, executable: Executable, most_bytes: int) -> None:
        self._executable = executable
        self._most_bytes = most_bytes

    async def tree(self, store: Path, base: str, folder: Path) -> str:
        """The id of the tree; see `RenderedCommits.commit_folder`."""
        async with _git_folder(store) as own:
            staging = _Staging(self._executable, own, folder)
            await staging.run("read-tree", ["--end-of-options", base])
            tracked, pins = await staging.tracked()
            await staging.leave_out(pins)
            new = await staging.untracked()
            await anyio.to_thread.run_sync(_check_size, folder, [*tracked, *new], self._most_bytes)
            await staging.run("add", ["--all", "--", "."])
            await staging.put_back(pins)
            written = await staging.run("write-tree", ["--missing-ok"])
            return written.stdout.decode("ascii").strip()


class _Staging:
    """An index of ours over somebody's files."""

    def __init__(self, executable: Executable, own: Path, folder: Path) -> None:
        self._executable = executable
        self._own = own
        self._folder = folder

    async def tracked(self) -> tuple[list[bytes], list[_Pin]]:
        """The paths of files and links in the index, and the submodules."""
        listed = await self.run("ls-files", ["--stage", "-z"])
        heads = [record.partition(b"\t") for record in listed.stdout.split(b"\0")[:-1]]
        pins = [_Pin(path, head.split(b" ")[1]) for head, _, path in heads if _is_pin(head)]
        return [path for head, _, path in heads if not _is_pin(head)], pins

    async def leave_out(self, pins: Sequence[_Pin]) -> None:
        """Git looks into a submodule by a git that runs there: it must not know of any."""
        if pins:
            gone = b"".join(b"0 %s\t%s\0" % (b"0" * len(pin.commit), pin.path) for pin in pins)
            await self.run("update-index", ["-z", "--index-info"], gone)
        rules = b"".join(b"/%s/\n" % _escaped(pin.path) for pin in pins)
        with writing(self._own):
            await anyio.Path(self._rules).write_bytes(rules)

    async def untracked(self) -> list[bytes]:
        """New files that are not ignored. Raises Refused when a repository is among them."""
        listed = await self.run("ls-files", ["-z", "--others", "--exclude-standard"])
        names = listed.stdout.split(b"\0")[:-1]
        inner = [name for name in names if name.endswith(b"/")]
        if inner:
            raise Refused(
                f"The folder holds a repository of its own in {_shown(inner[0])}.",
                hint="Remove its .git, or ignore the folder.",
            )
        return names

    async def put_back(self, pins: Sequence[_Pin]) -> None:
        """Submodules whose folders are there still; the others were removed."""
        kept = await anyio.to_thread.run_sync(_with_folders, self._folder, pins)
        if kept:
            lines = b"".join(b"160000 %s\t%s\0" % (pin.commit, pin.path) for pin in kept)
            await self.run("update-index", ["-z", "--index-info"], lines)

    async def run(self, name: str, arguments: Sequence[str], fed: bytes = b"") -> Output:
        at = ["-C", str(self._folder), f"--git-dir={self._own}", f"--work-tree={self._folder}"]
        excludes = ["-c", f"core.excludesFile={self._rules}"]
        command = Command(
            name, arguments, timeout=SECONDS, options=[*at, *_SET, *excludes], input=fed
        )
        output = await self._executable.run(command)
        if output.status:
            raise _failed(name, output)
        return output

    @property
    def _rules(self) -> Path:
        return self._own / "left-out"


@asynccontextmanager
async def _git_folder(store: Path) -> AsyncIterator[Path]:
    """As of a linked working tree: an index of its own, the objects of the store."""
    own = store / WORK / secrets.token_hex(8)
    await anyio.to_thread.run_sync(_lay_out, own)
    try:
        yield own
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(shutil.rmtree, own, True)


def _lay_out(own: Path) -> None:
    drop_abandoned(own.parent, "*")
    with writing(own.parent):
        own.mkdir(parents=True)
        (own / "commondir").write_text("../..\n", "utf-8")
        (own / "HEAD").write_text("ref: refs/heads/main\n", "utf-8")


def _is_pin(head: bytes) -> bool:
    return head.startswith(_SUBMODULE)


def _escaped(path: bytes) -> bytes:
    """A path as one line of gitignore(5) that means just it."""
    special = b"\\*?[]!# "
    return b"".join(b"\\%c" % byte if byte in special else b"%c" % byte for byte in path)


def _with_folders(folder: Path, pins: Sequence[_Pin]) -> list[_Pin]:
    root = os.fsencode(folder)
    kept = []
    for pin in pins:
        path = os.path.join(root, pin.path)  # noqa: PTH118 - paths of git are bytes
        is_own = os.path.realpath(path) == os.path.join(os.path.realpath(root), pin.path)  # noqa: PTH118
        if is_own and os.path.isdir(path):  # noqa: PTH112
            kept.append(pin)
    return kept


def _check_size(folder: Path, names: Sequence[bytes], most_bytes: int) -> None:
    if len(names) > MOST_FILES:
        raise TooLarge(
            f"The folder holds {len(names)} files, more than {MOST_FILES}.",
            hint="Ignore what is not to be committed.",
            details={"limit": MOST_FILES},
        )
    size = sum(_size(folder, name) for name in names)
    if size > most_bytes:
        raise TooLarge(
            f"The files of the folder have {size} bytes, more than {most_bytes}.",
            hint="Ignore what is not to be committed, or raise PIPELINE_JOB_DISK_BYTES.",
            details={"limit": most_bytes},
        )


def _size(folder: Path, name: bytes) -> int:
    try:
        return (folder / os.fsdecode(name)).lstat().st_size
    except OSError:
        # It was deleted, or a folder stands in its way.
        return 0


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _failed(name: str, output: Output) -> GitOpsError:
    complaint = next(iter(output.stderr.splitlines()), f"status {output.status}")[:200]
    if "invalid path" in output.stderr or "Invalid path" in output.stderr:
        return Refused(
            f"The folder cannot be committed: {complaint}", hint="Remove that path from it."
        )
    return Unavailable(
        f"The folder could not be committed (git {name}): {complaint}",
        hint="Check who may read its files, and the free space.",
    )
