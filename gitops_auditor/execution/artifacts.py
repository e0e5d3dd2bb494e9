"""Keeps files that jobs made at `<run>/<job>/<path>` of any file system that fsspec knows."""

import contextlib
import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
from anyio import from_thread
from pydantic import BaseModel

from gitops_auditor.errors import (
    GitOpsError,
    InvalidRequest,
    InvalidSetting,
    NotFound,
    Refused,
    TooLarge,
    Unavailable,
)
from gitops_auditor.execution.collecting import MAX_FILES, Left, collect

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_COPY_BYTES: Final = 2**20

Result = TypeVar("Result")


class Artifact(BaseModel, defer_build=True):
    """One kept file: its path relative to the job's workspace, bytes, and SHA-256."""

    path: str
    size: int
    sha256: str


class ArtifactStore:
    """Artifacts at `location`, a folder or an fsspec URL such as `s3://bucket/prefix`.

    What a job left is copied into `staging`, a folder of ours, and goes from there to its place.
    Every method raises Unavailable when the place cannot be reached, and InvalidSetting for a
    location that is not understood.
    """

    def __init__(self, location: str, staging: Path, *, max_files: int = MAX_FILES) -> None:
        self._location = location
        self._staging = staging
        self._max_files = max_files

    async def save(
        self, run: str, job: str, workspace: Path, patterns: Sequence[str], *, max_bytes: int
    ) -> list[Artifact]:
        """Keep what the patterns name, all of it or, beyond the bounds (TooLarge), nothing.

        What was kept before for the same job is replaced.
        """
        place = _place(run, job)

        def work() -> list[Artifact]:
            with self._staged(workspace, patterns, max_bytes) as (folder, kept):
                self._upload(folder, place, kept)
            return kept

        return await _in_thread(work)

    async def read(self, run: str, job: str, path: str, *, max_bytes: int) -> bytes:
        """One artifact. Raises NotFound and TooLarge."""
        place = _place(run, job)
        return await _in_thread(lambda: self._read(f"{place}/{path}", path, max_bytes))

    async def remove(self, run: str, job: str, paths: Sequence[str]) -> None:
        """Forget some artifacts of a job; those that are gone already do not matter."""
        place = _place(run, job)

        def work() -> None:
            files, root = self._opened()
            for path in paths:
                from_thread.check_cancelled()
                with contextlib.suppress(FileNotFoundError):
                    files.rm_file(f"{root}/{place}/{path}")

        await _in_thread(work)

    async def delete(self, run: str) -> None:
        """Forget the artifacts of a run; nothing happens when it has none."""
        place = _place(run, "job").partition("/")[0]
        await _in_thread(lambda: self._remove(place))

    def _opened(self) -> tuple[Any, str]:
        # It takes long to import, and most processes keep no artifact.
        from fsspec.core import url_to_fs  # noqa: PLC0415

        try:
            files, root = url_to_fs(self._location)
        except (ValueError, ImportError) as error:
            raise InvalidSetting(
                f"Artifacts cannot be kept at {_scheme(self._location)}: {error}",
                hint="Give PIPELINE_ARTIFACTS_URL a folder, or the URL of a file system that is"
                " installed.",
            ) from error
        return files, root.rstrip("/")

    @contextlib.contextmanager
    def _staged(
        self, workspace: Path, patterns: Sequence[str], max_bytes: int
    ) -> Iterator[tuple[Path, list[Artifact]]]:
        self._staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._staging, prefix="artifacts-"))
        try:
            bounds = {"max_files": self._max_files, "max_bytes": max_bytes}
            yield folder, [_copy(left, folder) for left in collect(workspace, patterns, **bounds)]
        except RecursionError:
            raise Refused(
                "The job's folders are nested too deeply to look for artifacts.",
                hint="Name a folder with fewer levels.",
            ) from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _upload(self, folder: Path, place: str, kept: Sequence[Artifact]) -> None:
        self._remove(place)
        files, root = self._opened()
        _make_private(files, root)
        try:
            for artifact in kept:
                from_thread.check_cancelled()
                target = f"{root}/{place}/{artifact.path}"
                files.makedirs(target.rpartition("/")[0], exist_ok=True)
                files.put_file(str(folder / artifact.path), target)
                _require_size(files.info(target)["size"], artifact)
        except BaseException:
            self._remove(place)
            raise

    def _read(self, place: str, path: str, max_bytes: int) -> bytes:
        files, root = self._opened()
        try:
            with files.open(f"{root}/{place}", "rb") as file:
                content: bytes = file.read(max_bytes + 1)
        except (FileNotFoundError, IsADirectoryError):
            raise NotFound(
                f"There is no artifact {path}.", hint="List the artifacts of the run."
            ) from None
        if len(content) > max_bytes:
            raise TooLarge(
                f"The artifact {path} has more than the {max_bytes} bytes that are read.",
                hint="Fetch it from where artifacts are kept.",
                details={"bytes": max_bytes},
            )
        return content

    def _remove(self, place: str) -> None:
        files, root = self._opened()
        with contextlib.suppress(FileNotFoundError):
            files.rm(f"{root}/{place}", recursive=True)


def _place(run: str, job: str) -> str:
    for name in (run, job):
        if not _NAME.fullmatch(name):
            raise InvalidRequest(
                f"{name} is no id of a run or job.", hint="Use the id as it was given."
            )
    return f"{run}/{job}"


def _make_private(files: Any, root: str) -> None:
    from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415 - see `_opened`

    if isinstance(files, LocalFileSystem):
        Path(root).mkdir(mode=0o700, parents=True, exist_ok=True)


def _scheme(location: str) -> str:
    # The rest of a URL may hold a password.
    scheme, separator, _ = location.partition("://")
    return f"{scheme}{separator}..." if separator else location


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


def _require_size(size: int, artifact: Artifact) -> None:
    if size != artifact.size:
        raise Unavailable(
            f"The artifact {artifact.path} arrived with {size} of its {artifact.size} bytes.",
            hint="Check where artifacts are kept, and run it again.",
        )


async def _in_thread(work: Callable[[], Result]) -> Result:
    try:
        return await anyio.to_thread.run_sync(work)
    except GitOpsError:
        raise
    except Exception as fault:
        raise Unavailable(
            f"The place of artifacts cannot be used: {type(fault).__name__}.",
            hint="Check PIPELINE_ARTIFACTS_URL, its credentials and its free space.",
        ) from fault
