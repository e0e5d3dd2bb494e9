"""Reads files that somebody else made: only regular ones, only up to a bound, without waiting."""

import os
import stat

OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
"""A pipe or a device opened so does not hold the opener."""


def read_and_close(descriptor: int, limit: int) -> bytes:
    """The content of an open file. Raises ValueError when it is special or over `limit` bytes."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        if status.st_size > limit:
            raise ValueError(f"it has {status.st_size} bytes, more than the {limit} that are read")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(descriptor)
