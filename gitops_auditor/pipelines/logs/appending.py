"""Bytes that are appended to an open file, and what went wrong with it."""

import os

from gitops_auditor.errors import Unavailable


class AppendedFile:
    """Takes bytes at once and in order: they wait on the disk, and not in memory.

    A failure is kept until `require_whole` asks for it; after it nothing more is written.
    """

    def __init__(self, opened: int) -> None:
        self.size = 0
        self._opened = opened
        self._fault: OSError | None = None

    def write(self, data: bytes) -> None:
        """Append the bytes."""
        rest = memoryview(data)
        while rest and self._fault is None:
            try:
                written = os.write(self._opened, rest)
            except OSError as fault:
                self._fault = fault
            else:
                self.size += written
                rest = rest[written:]

    def read(self, start: int, length: int) -> bytes:
        """Bytes that were written; it blocks."""
        return os.pread(self._opened, length, start)

    def close(self) -> None:
        """Close the file. What is written afterwards is lost."""
        opened, self._opened = self._opened, -1
        if opened < 0:
            return
        try:
            os.close(opened)
        except OSError as fault:
            self._fault = self._fault or fault

    def require_whole(self) -> int:
        """The size in bytes. Raises Unavailable when not everything could be kept."""
        if self._fault is not None:
            raise Unavailable(
                f"The log was cut after {self.size} bytes: {self._fault.strerror}.",
                hint="Free some space where logs are written, and run it again.",
            )
        return self.size
