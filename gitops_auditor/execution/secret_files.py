"""Files that hold keys and secrets: private to their owner, replaced as a whole."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_auditor.errors import NotFound, Refused, TooLarge

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_private(path: Path, limit: int = 16 * 2**20) -> bytes:
    """The content of a file that only its owner can read. Raises NotFound, Refused, TooLarge."""
    try:
        opened = os.open(path, _FLAGS)
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.", hint="Check the path.") from None
    except OSError as refused:
        raise Refused(
            f"{path} cannot be read: {refused.strerror}.",
            hint="It has to be a plain file, not a link, that this user can read.",
        ) from None
    try:
        _require_private(path, os.fstat(opened), limit)
        with os.fdopen(opened, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(opened)


def _require_private(path: Path, status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{path} is not a plain file.", hint="Put the secret into a plain file.")
    if status.st_mode & 0o077 or status.st_uid not in {0, os.geteuid()}:
        raise Refused(
            f"Others than its owner can read or change {path}.",
            hint=f"Run: chown {os.geteuid()} {path} && chmod 400 {path}",
        )
    if status.st_size > limit:
        raise TooLarge(f"{path} has more than {limit} bytes.", hint="It is no file of secrets.")


def replace_private(path: Path, content: bytes, mode: int) -> None:
    """Write a file so that after a crash it is the old one or the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock among all processes; it blocks while another holds it."""
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)
