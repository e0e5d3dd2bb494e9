"""Files that decide what is run or believed: read only where nobody else can change them."""

import os
import stat
from pathlib import Path


class UnfitFile(ValueError):
    """It is not such a file; the message is a clause that says why."""


class ChangeableFile(ValueError):
    """Others than its owner can change it; the message is the command against that."""


def read_owned(path: Path, limit: int) -> bytes:
    """The content of a plain file that only this user or root can change; it blocks.

    Raises OSError when it cannot be opened, UnfitFile also for more than `limit` bytes, and
    ChangeableFile.
    """
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        _require_owned(path, os.fstat(opened))
        with os.fdopen(opened, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(opened)
    if len(content) > limit:
        raise UnfitFile(f"it has more than {limit} bytes")
    return content


def _require_owned(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnfitFile("it is not a plain file")
    if status.st_mode & 0o022 or status.st_uid not in {0, os.geteuid()}:
        raise ChangeableFile(f"chown {os.geteuid()} {path} && chmod go-w {path}")
    folder = path.parent.resolve()
    around = folder.stat()
    if around.st_mode & stat.S_IWOTH and not around.st_mode & stat.S_ISVTX:
        raise ChangeableFile(f"chmod o-w {folder}")
