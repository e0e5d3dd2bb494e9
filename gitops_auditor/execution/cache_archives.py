"""Packs folders of a checkout into an archive, and unpacks it so that nothing lands elsewhere.

Jobs may write the checkout at the same time: everything in it is reached from an open folder, one
name after another, through no link.
"""

import contextlib
import hashlib
import io
import os
import shutil
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from anyio import from_thread
from typing_extensions import Buffer, override

from gitops_auditor.errors import InvalidRequest, NotFound, Refused, TooLarge, Unavailable

_COPY_BYTES: Final = 2**20
MAX_DEPTH: Final = 100
"""Folders within one another; more is no dependency tree, but an attack on whoever walks it."""
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe or a device opened so does not hold the reader.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class _Digesting(io.RawIOBase):
    """Writes to a file, up to a bound, and digests what it writes."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self.digest = hashlib.sha256()
        self.size = 0

    @override
    def write(self, content: Buffer, /) -> int:
        from_thread.check_cancelled()
        content = bytes(content)
        self.size += len(content)
        if self.size > self._limit:
            raise TooLarge(
                f"What is to be cached has more than {self._limit} bytes.",
                hint="Cache fewer paths, or raise the cache's size.",
            )
        self.digest.update(content)
        return self._file.write(content)


def checked_path(path: str) -> PurePosixPath:
    """A path to cache, relative to the checkout. Raises InvalidRequest when it leads out of it."""
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise InvalidRequest(
            f"{path} cannot be cached.", hint="Name a file or folder inside the checkout."
        )
    return pure


def pack(folder: Path, paths: Sequence[str], file: BinaryIO, limit: int) -> tuple[str, int]:
    """Write an uncompressed tar archive; its SHA-256 and size. Runs in a worker thread of anyio.

    Links are kept as links when they stay inside the checkout; special files are left out. Raises
    NotFound when none of the paths is there, TooLarge, Refused, and Unavailable for a file that
    changes meanwhile.
    """
    writer = _Digesting(file, limit)
    with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        packer = _Packer(archive)
        for path in sorted({checked_path(each) for each in paths}):
            with contextlib.suppress(FileNotFoundError), _opened(folder, path.parent) as parent:
                packer.add(parent, path.name, str(path))
    if not packer.count:
        raise NotFound(
            f"There is nothing at {', '.join(paths)}.", hint="Check the paths of the cache."
        )
    return writer.digest.hexdigest(), writer.size


@contextlib.contextmanager
def _opened(folder: Path, inner: PurePosixPath) -> Iterator[int]:
    opened = os.open(folder, _FOLDER)
    try:
        for part in inner.parts:
            above, opened = opened, -1
            try:
                opened = os.open(part, _FOLDER, dir_fd=above)
            finally:
                os.close(above)
        yield opened
    except NotADirectoryError:
        raise Refused(
            f"A link is on the way to {inner}.", hint="Cache a path without links in it."
        ) from None
    finally:
        if opened >= 0:
            os.close(opened)


class _Packer:
    """Adds what it finds below open folders."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self.count = 0
        self._archive = archive
        self._seen: dict[tuple[int, int], str] = {}
        """Files with several names, each by the first of them."""

    def add(self, parent: int, name: str, path: str, depth: int = 0) -> None:
        """Add what has this name in an open folder, and all below it."""
        if depth > MAX_DEPTH:
            raise Refused(
                f"There are more than {MAX_DEPTH} folders within one another to be cached.",
                hint="Cache another folder.",
            )
        mode = os.lstat(name, dir_fd=parent).st_mode
        if stat.S_ISLNK(mode):
            self._add_link(path, os.readlink(name, dir_fd=parent))
        elif stat.S_ISDIR(mode):
            self._add_folder(os.open(name, _FOLDER, dir_fd=parent), path, depth)
        elif stat.S_ISREG(mode):
            self._add_file(os.open(name, _FILE, dir_fd=parent), path)

    def _add_link(self, path: str, target: str) -> None:
        member = tarfile.TarInfo(path)
        member.type, member.linkname = tarfile.SYMTYPE, target
        with contextlib.suppress(tarfile.FilterError):
            tarfile.data_filter(member, "/nonexistent")
            self._write(member)

    def _add_folder(self, opened: int, path: str, depth: int) -> None:
        try:
            self._write(_member(path, os.fstat(opened), tarfile.DIRTYPE))
            for name in sorted(os.listdir(opened)):
                with contextlib.suppress(FileNotFoundError):
                    self.add(opened, name, f"{path}/{name}", depth + 1)
        finally:
            os.close(opened)

    def _add_file(self, opened: int, path: str) -> None:
        with os.fdopen(opened, "rb") as file:
            status = os.fstat(opened)
            if not stat.S_ISREG(status.st_mode):
                return
            first = self._seen.setdefault((status.st_dev, status.st_ino), path)
            if first != path:
                member = _member(path, status, tarfile.LNKTYPE)
                member.linkname = first
                self._write(member)
                return
            member = _member(path, status, tarfile.REGTYPE)
            member.size = status.st_size
            self._write(member, file)

    def _write(self, member: tarfile.TarInfo, file: BinaryIO | None = None) -> None:
        try:
            self._archive.addfile(member, file)
        except OSError as fault:
            raise Unavailable(
                f"{member.name} could not be cached: {fault}.",
                hint="Nothing may change it while it is cached, and the disk needs room.",
            ) from fault
        self.count += 1


def _member(path: str, status: os.stat_result, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(path)
    member.type = kind
    member.mode = stat.S_IMODE(status.st_mode) & 0o777
    member.mtime = int(status.st_mtime)
    return member


def unpack(file: BinaryIO, folder: Path, user: tuple[int, int] | None) -> list[str]:
    """Put the archive's paths into a checkout; the paths.

    Each replaces what is there, and appears as a whole. Raises Refused for an archive that would
    write or link outside.
    """
    with _beside(folder) as temporary:
        new = temporary / "new"
        new.mkdir()
        names = _extract(file, new)
        _hand_over(new, user)
        for number, name in enumerate(names):
            _put(new, folder, PurePosixPath(name), user, old=temporary / f"old-{number}")
    return names


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    # On the same file system, so that moving is a rename, and closed to jobs.
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".restore-"))
    try:
        yield temporary
    finally:
        # What a job nested too deeply goes with the folders of its run.
        with contextlib.suppress(RecursionError):
            shutil.rmtree(temporary, ignore_errors=True)


def _extract(file: BinaryIO, folder: Path) -> list[str]:
    tops: list[str] = []
    try:
        with tarfile.open(fileobj=file, mode="r|", bufsize=_COPY_BYTES) as archive:
            for member in archive:
                archive.extract(member, folder, filter="data")
                if not any(PurePosixPath(member.name).is_relative_to(top) for top in tops):
                    tops.append(str(checked_path(member.name)))
    except (tarfile.TarError, InvalidRequest) as refused:
        raise Refused(
            f"The cached archive is not safe to unpack: {refused}",
            hint="Remove the cache entry; it is made anew by the next run.",
        ) from refused
    return tops


def _hand_over(folder: Path, user: tuple[int, int] | None) -> None:
    # Not the folder itself, so that no job can reach into it before all is moved.
    if user is not None:
        for _, folders, files, opened in os.fwalk(folder, follow_symlinks=False):
            for name in (*folders, *files):
                os.chown(name, *user, dir_fd=opened, follow_symlinks=False)


def _put(
    new: Path, folder: Path, path: PurePosixPath, user: tuple[int, int] | None, *, old: Path
) -> None:
    _make_parents(folder, path, user)
    with _opened(folder, path.parent) as parent:
        with contextlib.suppress(FileNotFoundError):
            os.rename(path.name, old, src_dir_fd=parent)
        os.rename(new / path, path.name, dst_dir_fd=parent)


def _make_parents(folder: Path, path: PurePosixPath, user: tuple[int, int] | None) -> None:
    for above in reversed(path.parents[:-1]):
        with _opened(folder, above.parent) as parent, contextlib.suppress(FileExistsError):
            os.mkdir(above.name, dir_fd=parent)
            if user is not None:
                os.chown(above.name, *user, dir_fd=parent, follow_symlinks=False)
