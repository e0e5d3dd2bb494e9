"""One append-only file for each attempt, below `<folder>/<run>/`."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import anyio

from gitops_auditor.errors import InvalidRequest, Unavailable
from gitops_auditor.pipelines.file_names import file_name
from gitops_auditor.pipelines.logs.appending import AppendedFile
from gitops_auditor.pipelines.logs.pieces import MAX_PIECE, LogPiece, bounds, last_lines, piece

_RUN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_NEW: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW

Result = TypeVar("Result")


class FileLog:
    """The log of one attempt; what was written survives the end of this process."""

    def __init__(self, path: str) -> None:
        self._file = AppendedFile(os.open(path, _NEW, 0o600))

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.size

    def write(self, data: bytes) -> None:
        """Append the bytes. After a failure nothing more is kept, and `close` says so."""
        self._file.write(data)

    async def close(self) -> int:
        """The size in bytes. Raises Unavailable when not everything could be kept."""
        self._file.close()
        return self._file.require_whole()


class FileLogs:
    """Logs as files that only this user can read.

    The folder is on a disk of this machine, as the SQLite database beside it has to be. So a log is
    opened and closed as it is written, on the event loop: a thread for that takes far longer.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def open(self, run_id: str, job: str, attempt: int) -> FileLog:
        """A log to write. Raises Unavailable when the file cannot be made."""
        path = self._path(run_id, job, attempt)
        try:
            return FileLog(path)
        except OSError:
            # The first log of a run finds no folder; any other trouble shows itself again.
            return await _in_thread(lambda: _first(path))

    async def read(self, run_id: str, job: str, attempt: int, offset: int, limit: int) -> LogPiece:
        """What stands from `offset` on (from the end when negative), at most `limit` bytes.

        Empty when there is no log.
        """
        path = self._path(run_id, job, attempt)
        return await _in_thread(lambda: _read(path, offset, limit))

    async def tail(
        self, run_id: str, job: str, attempt: int, *, limit: int, lines: int | None = None
    ) -> LogPiece:
        """The last whole lines: at most `limit` bytes of them, and at most `lines`."""
        path = self._path(run_id, job, attempt)
        newest = await _in_thread(lambda: _read(path, -min(limit, MAX_PIECE), limit))
        return last_lines(newest, lines)

    async def delete(self, run_id: str) -> None:
        """Forget the logs of a run; nothing happens when it has none."""
        folder = Path(self._run(run_id))
        await _in_thread(lambda: shutil.rmtree(folder) if folder.exists() else None)

    def _run(self, run_id: str) -> str:
        if not _RUN.fullmatch(run_id):
            raise InvalidRequest(f"{run_id} is no id of a run.", hint="Use the id as it was given.")
        return f"{self._folder}/{run_id}"

    def _path(self, run_id: str, job: str, attempt: int) -> str:
        return f"{self._run(run_id)}/{file_name(job)}.{attempt}.log"


def _first(path: str) -> FileLog:
    Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileLog(path)


def _read(path: str, offset: int, limit: int) -> LogPiece:
    try:
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return LogPiece(b"", 0, 0, 0)
    try:
        size = os.fstat(opened).st_size
        start, length = bounds(offset, limit, size)
        return piece(os.pread(opened, length, start), start, size)
    finally:
        os.close(opened)


async def _in_thread(work: Callable[[], Result]) -> Result:
    try:
        return await anyio.to_thread.run_sync(work)
    except OSError as fault:
        raise Unavailable(
            f"The log cannot be had: {fault.strerror}.",
            hint="Check the disk and the owner of the folder of logs.",
        ) from fault
