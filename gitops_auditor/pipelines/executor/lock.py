"""Elects one process of a data folder to carry out its runs: the one that holds a lock file.

The system lets go of the lock when the process ends, however it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gitops_auditor.errors import Unavailable

NAME = "executor.lock"


class ExecutorLock:
    """The lock of one data folder. It does not wait for anything."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / NAME
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """Whether this object has it now. Raises Unavailable when the file cannot be made.

        Somebody who only asks `is_free` can be in the way for an instant.
        """
        if self._file is None:
            self._file = self._locked(fcntl.LOCK_EX)
        return self._file is not None

    def release(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Let go of it at the end of the block."""
        try:
            yield
        finally:
            self.release()

    def is_free(self) -> bool:
        """Whether nobody has it. Raises Unavailable when the file cannot be made."""
        if self._file is not None:
            return False
        shared = self._locked(fcntl.LOCK_SH)
        if shared is not None:
            shared.close()
        return shared is not None

    def _locked(self, mode: int) -> IO[str] | None:
        try:
            file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise Unavailable(
                f"{self._path} cannot be written: {error.strerror}.",
                hint="Check the owner and mode of the data folder.",
            ) from error
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file
