"""Keeps files that jobs made, in a folder of the platform's: `<run>/<job>/<path>`."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import anyio
from pydantic import BaseModel

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.execution.collecting import MAX_BYTES, MAX_FILES, Left, collect, read_left

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_COPY_BYTES = 2**20


class Artifact(BaseModel):
    """One kept file: its path relative to the job's workspace, bytes, and SHA-256."""

    path: str
    size: int
    sha256: str


class ArtifactStore:
    """Artifacts below `folder`, which may lie on a network mount."""

    def __init__(
        self, folder: Path, *, max_files: int = MAX_FILES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._folder = folder
        self._max_files = max_files
        self._max_bytes = max_bytes

    async def save(
        self, run: str, job: str, workspace: Path, patterns: Sequence[str]
    ) -> list[Artifact]:
        """Keep what the patterns name, all of it or, beyond the bounds (TooLarge), nothing.

        What was kept before for the same job is replaced.
        """
        target = self._place(run, job)
        return await anyio.to_thread.run_sync(lambda: self._save(target, workspace, patterns))

    async def read(self, run: str, job: str, path: str, *, max_bytes: int) -> bytes:
        """One artifact. Raises NotFound and TooLarge."""
        place = self._place(run, job)
        return await anyio.to_thread.run_sync(lambda: read_left(place, path, max_bytes=max_bytes))

    async def delete(self, run: str) -> None:
        """Forget the artifacts of a run; nothing happens when it has none."""
        await anyio.to_thread.run_sync(lambda: _remove(self._place(run, "job").parent))

    def _place(self, run: str, job: str) -> Path:
        for name in (run, job):
            if not _NAME.fullmatch(name):
                raise InvalidRequest(
                    f"{name} is no id of a run or job.", hint="Use the id as it was given."
                )
        return self._folder / run / job

    def _save(self, target: Path, workspace: Path, patterns: Sequence[str]) -> list[Artifact]:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
        try:
            bounds = {"max_files": self._max_files, "max_bytes": self._max_bytes}
            kept = [_copy(left, temporary) for left in collect(workspace, patterns, **bounds)]
            _remove(target)
            temporary.replace(target)
        except BaseException:
            _remove(temporary)
            raise
        return kept


def _copy(left: Left, folder: Path) -> Artifact:
    target = folder / left.path
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    remaining = left.size
    with target.open("xb") as file:
        while remaining and (chunk := left.file.read(min(_COPY_BYTES, remaining))):
            remaining -= len(chunk)
            digest.update(chunk)
            file.write(chunk)
    return Artifact(path=left.path, size=left.size - remaining, sha256=digest.hexdigest())


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
