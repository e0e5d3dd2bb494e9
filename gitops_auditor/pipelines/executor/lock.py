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
        """Whether this object has it now. Raises Unavailable when the file cannot be made."""
        if self._file is not None:
            return True
        try:
            file = self._path.open("a", encoding="utf-8")
        except OSError as error:
            raise Unavailable(
                f"{self._path} cannot be written: {error.strerror}.",
                hint="Check the owner and mode of the data folder.",
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

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
        """Whether nobody has it."""
        if self._file is not None or not self.acquire():
            return False
        self.release()
        return True
