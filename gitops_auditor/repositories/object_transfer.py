"""Brings the objects of a commit from one repository of this machine into another.

Git packs them in the source, which is the platform's own, and makes the index there, too. Into the
target only two finished files are moved: no git runs there that would read its configuration.
"""

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import anyio.to_thread

from gitops_auditor.errors import Unavailable
from gitops_auditor.repositories import git_directory
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_directory import OBJECT_ID, GitDirectory
from gitops_auditor.repositories.git_process import Command, Executable, Output, Sink
from gitops_auditor.repositories.rendered_store import writing

SECONDS: Final = 600.0
MOST_KNOWN: Final = 200
"""Commits of the target that are looked for in the source; with fewer more is packed."""

_READ_ONLY = 0o444
_HEADER_BYTES = 12


class ObjectTransfer:
    """Copies what a target lacks."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._executable = git.executable

    async def bring(
        self, source: Path, target: GitDirectory, commit: str, known: Sequence[str]
    ) -> None:
        """Let the target have a commit with all it needs, when it has those of `known`.

        It may be repeated: an earlier one that was interrupted left files that git does not read.
        Raises Unavailable, TimedOut.
        """
        layout = await anyio.to_thread.run_sync(git_directory.locate, source)
        if layout is None:
            raise Unavailable(f"{source} is no git repository any more.", hint="Restore it.")
        if await anyio.to_thread.run_sync(_is_same, layout, target):
            return
        asked = [*dict.fromkeys(known)][:MOST_KNOWN]
        shared = await self._git.commits(source, asked)
        revisions = [commit, *(f"^{one}" for one in shared.values())]
        with writing(target.common_dir / "objects/pack"), ExitStack() as stack:
            files = await anyio.to_thread.run_sync(_open_files, target.common_dir, stack)
            await _Packing(self._executable, layout.git_dir).run(files, revisions)


class _Files(NamedTuple):
    """The files of a pack while it is not complete; git removes such names when it tidies up."""

    pack: Path
    listing: Path
    opened: BinaryIO

    def take(self, piece: bytes) -> None:
        self.opened.write(piece)


class _Packing:
    def __init__(self, executable: Executable, git_dir: Path) -> None:
        self._executable = executable
        self._git_dir = git_dir.absolute()

    async def run(self, files: _Files, revisions: Sequence[str]) -> None:
        arguments = ["--stdout", "--revs", "--delta-base-offset", "--quiet"]
        fed = "".join(f"{one}\n" for one in revisions)
        await self._git("pack-objects", arguments, fed, files.take)
        if await anyio.to_thread.run_sync(_is_empty, files):
            return
        arguments = ["--no-rev-index", "-o", str(files.listing), str(files.pack)]
        indexed = await self._git("index-pack", arguments)
        name = indexed.stdout.decode("ascii", "replace").split()[-1]
        if OBJECT_ID.fullmatch(name) is None:
            raise Unavailable("git did not name the pack that it made.", hint="Try again.")
        await anyio.to_thread.run_sync(_put_in_place, files, name)

    async def _git(
        self, name: str, arguments: Sequence[str], fed: str = "", sink: Sink | None = None
    ) -> Output:
        command = Command(
            name,
            arguments,
            timeout=SECONDS,
            options=[f"--git-dir={self._git_dir}"],
            max_output=1 << 40,
            input=fed.encode("ascii"),
        )
        output = await self._executable.run(command, stdout=sink)
        if output.status:
            raise Unavailable(
                f"The commit could not be packed (git {name}): {output.stderr[:200]}",
                hint="Run `git fsck` in the repository.",
            )
        return output


def _is_same(source: GitDirectory, target: GitDirectory) -> bool:
    return (source.common_dir / "objects").samefile(target.common_dir / "objects")


def _open_files(common_dir: Path, stack: ExitStack) -> _Files:
    folder = (common_dir / "objects/pack").absolute()
    folder.mkdir(exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix="tmp_pack_", suffix=".pack", dir=folder)
    pack = Path(name)
    listing = pack.with_name(f"tmp_idx_{pack.stem}")
    for path in (pack, listing):
        stack.callback(path.unlink, missing_ok=True)
    return _Files(pack, listing, stack.enter_context(os.fdopen(descriptor, "wb")))


def _is_empty(files: _Files) -> bool:
    """Of a pack the last four bytes of the header count the objects (gitformat-pack(5))."""
    files.opened.flush()
    os.fsync(files.opened.fileno())
    with files.pack.open("rb") as pack:
        return not any(pack.read(_HEADER_BYTES)[8:])


def _put_in_place(files: _Files, name: str) -> None:
    """The index last: git looks for packs by their indexes. On disk before a reference is."""
    with files.listing.open("rb") as listing:
        os.fsync(listing.fileno())
    for path, suffix in ((files.pack, "pack"), (files.listing, "idx")):
        path.chmod(_READ_ONLY)
        path.replace(path.with_name(f"pack-{name}.{suffix}"))
    folder = os.open(files.pack.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
