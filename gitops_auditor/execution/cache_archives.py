"""Packs folders of a checkout into an archive, and unpacks it so that nothing lands elsewhere."""

import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from typing_extensions import Buffer, override

from gitops_auditor.errors import InvalidRequest, Refused, TooLarge
from gitops_auditor.execution.job_user import hand_over

_COPY_BYTES = 2**20


class _Digesting(io.RawIOBase):
    """Writes to a file, up to a bound, and digests what it writes."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self.digest = hashlib.sha256()
        self.size = 0

    @override
    def write(self, content: Buffer, /) -> int:
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
    """Write an uncompressed tar archive; its SHA-256 and size. Raises TooLarge.

    Links are kept as links when they stay inside the checkout; special files are left out.
    """
    writer = _Digesting(file, limit)
    with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted({str(checked_path(each)) for each in paths}):
            if _is_plain(folder, path):
                archive.add(folder / path, arcname=path, filter=_harmless)
    return writer.digest.hexdigest(), writer.size


def _is_plain(folder: Path, path: str) -> bool:
    inside = folder.resolve()
    target = folder / path
    return not target.is_symlink() and target.exists() and target.resolve() == inside / path


def _harmless(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        return None
    try:
        tarfile.data_filter(member, "/nonexistent")
    except tarfile.FilterError:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack(file: BinaryIO, folder: Path, user: tuple[int, int] | None) -> list[str]:
    """Put the archive's paths into a checkout in which no job has run yet; the paths.

    Each replaces what is there, and appears as a whole. Raises Refused for an archive that would
    write or link outside.
    """
    with _beside(folder) as temporary:
        names = _extract(file, temporary)
        hand_over(temporary, user)
        for name in names:
            _make_parents(folder, name, user)
            _move(temporary / name, folder / name)
    return names


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    # On the same file system, so that moving is a rename.
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".restore-"))
    try:
        yield temporary
    finally:
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


def _make_parents(folder: Path, name: str, user: tuple[int, int] | None) -> None:
    inside = folder.resolve()
    parent = PurePosixPath(name).parent
    if (inside / parent).resolve() != inside / parent:
        raise Refused(
            f"{name} cannot be restored: a link leads out of its folder.",
            hint="Cache a path without links in it.",
        )
    for above in [*reversed(parent.parents), parent]:
        if not (inside / above).exists():
            (inside / above).mkdir()
            hand_over(inside / above, user)


def _move(source: Path, target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    source.replace(target)
