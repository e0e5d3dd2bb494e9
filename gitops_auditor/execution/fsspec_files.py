"""Keeps files in a folder, or on any file system that fsspec knows."""

import contextlib
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import from_thread
from typing_extensions import override

from gitops_auditor.errors import GitOpsError, InvalidSetting, NotFound, Unavailable
from gitops_auditor.execution.file_stores import (
    MAX_LISTED,
    FileStore,
    FileToKeep,
    more_than,
    require_inside,
    too_many,
)

Result = TypeVar("Result")


class FsspecFiles(FileStore):
    """Files at `location`, a folder or an fsspec URL such as `s3://bucket/prefix`.

    `variable` is the setting that names it, for what is said when it cannot be used.
    """

    def __init__(self, location: str, variable: str) -> None:
        self._location = location
        self._variable = variable

    @override
    async def replace(self, folder: Path, place: str, files: Sequence[FileToKeep]) -> None:
        await self._in_thread(lambda: self._replace(folder, require_inside(place), files))

    @override
    async def write(self, path: str, content: bytes) -> None:
        await self._in_thread(lambda: self._write(require_inside(path), content))

    @override
    async def read(self, path: str, max_bytes: int) -> bytes:
        return await self._in_thread(lambda: self._read(require_inside(path), max_bytes))

    @override
    async def paths(self, place: str) -> list[str]:
        return await self._in_thread(lambda: self._paths(require_inside(place)))

    @override
    async def remove(self, paths: Sequence[str]) -> None:
        def work() -> None:
            files, root = self._opened()
            for path in paths:
                from_thread.check_cancelled()
                with contextlib.suppress(FileNotFoundError):
                    files.rm_file(f"{root}/{require_inside(path)}")

        await self._in_thread(work)

    @override
    async def remove_folder(self, place: str) -> None:
        await self._in_thread(lambda: self._remove_folder(require_inside(place)))

    def _opened(self) -> tuple[Any, str]:
        # It takes long to import, and most processes keep no file.
        from fsspec.core import url_to_fs  # noqa: PLC0415 - see above

        try:
            files, root = url_to_fs(self._location)
        except (ValueError, ImportError) as error:
            raise InvalidSetting(
                f"Files cannot be kept at {_scheme(self._location)}: {error}",
                hint=f"Give {self._variable} a folder, or the URL of a file system that is"
                " installed.",
            ) from error
        return files, root.rstrip("/")

    def _replace(self, folder: Path, place: str, wanted: Sequence[FileToKeep]) -> None:
        self._remove_folder(place)
        files, root = self._opened()
        _make_private(files, root)
        try:
            for path, size in wanted:
                from_thread.check_cancelled()
                target = f"{root}/{place}/{require_inside(path)}"
                files.makedirs(target.rpartition("/")[0], exist_ok=True)
                files.put_file(str(folder / path), target)
                _require_size(files.info(target)["size"], path, size)
        except BaseException:
            self._remove_folder(place)
            raise

    def _write(self, path: str, content: bytes) -> None:
        files, root = self._opened()
        _make_private(files, root)
        target = f"{root}/{path}"
        folder, _, name = target.rpartition("/")
        files.makedirs(folder, exist_ok=True)
        written = f"{folder}/.{name[:100]}.{secrets.token_hex(8)}"
        try:
            files.pipe_file(written, content)
            # Some file systems would move the file into the folder.
            if files.isdir(target):
                raise IsADirectoryError(target)
            files.mv(written, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                files.rm_file(written)
            raise

    def _read(self, path: str, max_bytes: int) -> bytes:
        files, root = self._opened()
        try:
            with files.open(f"{root}/{path}", "rb") as file:
                content: bytes = file.read(max_bytes + 1)
        except (FileNotFoundError, IsADirectoryError):
            raise NotFound(
                f"There is no file {path} where files are kept.", hint="List what is kept."
            ) from None
        if len(content) > max_bytes:
            raise more_than(path, max_bytes)
        return content

    def _paths(self, place: str) -> list[str]:
        files, root = self._opened()
        top = f"{root}/{place}/"
        found: list[str] = []
        for folder, _, names in files.walk(top.rstrip("/")):
            from_thread.check_cancelled()
            found += [f"{folder.rstrip('/')}/{name}".removeprefix(top) for name in names]
            if len(found) > MAX_LISTED:
                raise too_many(place)
        return sorted(found)

    def _remove_folder(self, place: str) -> None:
        files, root = self._opened()
        with contextlib.suppress(FileNotFoundError):
            files.rm(f"{root}/{place}", recursive=True)

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            return await anyio.to_thread.run_sync(work)
        except GitOpsError:
            raise
        except Exception as fault:
            raise Unavailable(
                f"The place of kept files cannot be used: {type(fault).__name__}.",
                hint=f"Check {self._variable}, its credentials and its free space.",
            ) from fault


def _make_private(files: Any, root: str) -> None:
    from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415 - see `_opened`

    if isinstance(files, LocalFileSystem):
        Path(root).mkdir(mode=0o700, parents=True, exist_ok=True)


def _scheme(location: str) -> str:
    # The rest of a URL may hold a password.
    scheme, separator, _ = location.partition("://")
    return f"{scheme}{separator}..." if separator else location


def _require_size(size: int, path: str, wanted: int) -> None:
    if size != wanted:
        raise Unavailable(
            f"The file {path} arrived with {size} of its {wanted} bytes.",
            hint="Check where files are kept, and run it again.",
        )
