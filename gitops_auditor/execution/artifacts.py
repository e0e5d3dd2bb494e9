"""Keeps files that jobs made at `<run>/<job>/<path>`, wherever files are kept."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio
from anyio import from_thread
from pydantic import BaseModel

from gitops_auditor.errors import InvalidRequest, Refused
from gitops_auditor.execution.collecting import MAX_FILES, Left, collect
from gitops_auditor.execution.file_stores import FileStore, FileToKeep

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_COPY_BYTES: Final = 2**20


class Artifact(BaseModel, defer_build=True):
    """One kept file: its path relative to the job's workspace, bytes, and SHA-256."""

    path: str
    size: int
    sha256: str


class ArtifactStore:
    """Artifacts among `files`.

    What a job left is copied into `staging`, a folder of ours, and goes from there to its place.
    Every method raises what FileStore says, and InvalidRequest for an id that is none.
    """

    def __init__(self, files: FileStore, staging: Path, *, max_files: int = MAX_FILES) -> None:
        self._files = files
        self._staging = staging
        self._max_files = max_files

    async def save(
        self, run: str, job: str, workspace: Path, patterns: Sequence[str], *, max_bytes: int
    ) -> list[Artifact]:
        """Keep what the patterns name, all of it or, beyond the bounds (TooLarge), nothing.

        What was kept before for the same job is replaced.
        """
        place = _place(run, job)
        folder = await anyio.to_thread.run_sync(self._make_folder)
        try:
            kept = await anyio.to_thread.run_sync(
                lambda: self._staged(folder, workspace, patterns, max_bytes)
            )
            wanted = [FileToKeep(one.path, one.size) for one in kept]
            await self._files.replace(folder, place, wanted)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
        return kept

    async def read(self, run: str, job: str, path: str, *, max_bytes: int) -> bytes:
        """One artifact. Raises NotFound and TooLarge."""
        return await self._files.read(f"{_place(run, job)}/{path}", max_bytes)

    async def remove(self, run: str, job: str, paths: Sequence[str]) -> None:
        """Forget some artifacts of a job; those that are gone already do not matter."""
        place = _place(run, job)
        await self._files.remove([f"{place}/{path}" for path in paths])

    async def delete(self, run: str) -> None:
        """Forget the artifacts of a run; nothing happens when it has none."""
        await self._files.remove_folder(_place(run, "job").partition("/")[0])

    def _make_folder(self) -> Path:
        self._staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self._staging, prefix="artifacts-"))

    def _staged(
        self, folder: Path, workspace: Path, patterns: Sequence[str], max_bytes: int
    ) -> list[Artifact]:
        bounds = {"max_files": self._max_files, "max_bytes": max_bytes}
        try:
            return [_copy(left, folder) for left in collect(workspace, patterns, **bounds)]
        except RecursionError:
            raise Refused(
                "The job's folders are nested too deeply to look for artifacts.",
                hint="Name a folder with fewer levels.",
            ) from None


def _place(run: str, job: str) -> str:
    for name in (run, job):
        if not _NAME.fullmatch(name):
            raise InvalidRequest(
                f"{name} is no id of a run or job.", hint="Use the id as it was given."
            )
    return f"{run}/{job}"


def _copy(left: Left, folder: Path) -> Artifact:
    target = folder / left.path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    remaining = left.size
    with target.open("xb") as file:
        while remaining and (chunk := left.file.read(min(_COPY_BYTES, remaining))):
            from_thread.check_cancelled()
            remaining -= len(chunk)
            digest.update(chunk)
            file.write(chunk)
    return Artifact(path=left.path, size=left.size - remaining, sha256=digest.hexdigest())
