"""Where files are kept for others to fetch: a folder, an object store, a share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from gitops_auditor.errors import InvalidRequest, TooLarge

MAX_LISTED: Final = 50_000
"""Files that a listing of one folder has; with more it is refused."""


class FileToKeep(NamedTuple):
    """A file by its path relative to the folder that it is taken from, and its bytes."""

    path: str
    size: int


class FileStore(Protocol):
    """Paths are relative, with `/` between their parts.

    Every method raises Unavailable when the place cannot be reached, InvalidSetting for a location
    that is not understood, and InvalidRequest for a path that leads elsewhere.
    """

    async def replace(self, folder: Path, place: str, files: Sequence[FileToKeep]) -> None:
        """Make these files of `folder` all that is kept at `place`, or else nothing new."""

    async def write(self, path: str, content: bytes) -> None:
        """Keep one file, in place of the one before; no reader sees half of it."""

    async def read(self, path: str, max_bytes: int) -> bytes:
        """One file. Raises NotFound, TooLarge, and Refused when it is not what was kept."""

    async def paths(self, place: str) -> list[str]:
        """The files at `place`, relative to it, sorted; none when there is no such place."""

    async def remove(self, paths: Sequence[str]) -> None:
        """Forget files; those that are gone already do not matter."""

    async def remove_folder(self, place: str) -> None:
        """Forget everything at `place`; nothing happens when there is nothing."""


def require_inside(path: str) -> str:
    """The path. Raises InvalidRequest unless it leads to something below where it begins."""
    if "\0" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        raise InvalidRequest(
            f"{path[:200]!r} is no path of a kept file.", hint="List what is kept there."
        )
    return path


def more_than(path: str, max_bytes: int) -> TooLarge:
    """The refusal to read a file beyond a bound."""
    return TooLarge(
        f"The file {path} has more than the {max_bytes} bytes that are read.",
        hint="Fetch it from where it is kept.",
        details={"bytes": max_bytes},
    )


def too_many(place: str) -> TooLarge:
    """The refusal to list a folder beyond a bound."""
    return TooLarge(
        f"{place} has more than {MAX_LISTED} files.",
        hint="Look at it where it is kept.",
        details={"files": MAX_LISTED},
    )
