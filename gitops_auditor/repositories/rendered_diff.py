"""The text of what a rendered commit changes, and the files by name."""

from pathlib import Path
from typing import Final, NamedTuple

from gitops_auditor.errors import Unavailable
from gitops_auditor.repositories.git_process import Command, Executable

SECONDS: Final = 120.0
MOST_NAMES_BYTES: Final = 16 * 1024 * 1024

_ARGUMENTS = (
    "-r", "-z", "--raw", "--numstat", "--patch", "--no-renames", "--no-color", "--full-index",
    "--no-ext-diff", "--no-textconv", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
    "--diff-algorithm=myers", "--unified=3", "--end-of-options",
)  # fmt: skip


class ChangedFile(NamedTuple):
    """A file that differs: `status` is A, M, D or T as git writes it; `added` and `removed` count
    lines, None for what is no text. Bytes of `path` that are not UTF-8 appear as `\\xff`.
    """

    status: str
    path: str
    added: int | None
    removed: int | None


class RenderedDiff(NamedTuple):
    """A unified diff with a/ and b/ before the names, whole lines of it, and every file of it.

    Of binary files it says that they differ.
    """

    text: str
    truncated: bool
    files: list[ChangedFile]


class RenderedDiffs:
    """Compares commits of stores, whose configuration names no program."""

    def __init__(self, executable: Executable) -> None:
        self._executable = executable

    async def between(self, store: Path, base: str, commit: str, most_bytes: int) -> RenderedDiff:
        """Both in one process. Raises Unavailable, TimedOut, TooLarge for names over 16 MiB."""
        kept = _Kept(most_bytes)
        command = Command(
            "diff-tree",
            [*_ARGUMENTS, base, commit],
            timeout=SECONDS,
            options=[f"--git-dir={store}"],
            max_output=1 << 40,
        )
        try:
            output = await self._executable.run(command, stdout=kept.take)
        except _Full:
            return kept.diff()
        if output.status:
            raise Unavailable(
                f"The commits could not be compared: {output.stderr.partition(chr(10))[0][:200]}",
                hint="Run `git fsck` in the repository.",
            )
        return kept.diff()


class _Full(Exception):
    """What is wanted of the output is there."""


class _Kept:
    """The output up to the limit: records that end in zeros, an empty one, then the patch."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._content = bytearray()
        self._truncated = False

    def take(self, piece: bytes) -> None:
        self._content += piece
        patch = self._content.find(b"\0\0")
        limit = MOST_NAMES_BYTES if patch < 0 else patch + 2 + self._most
        if len(self._content) > limit:
            del self._content[limit:]
            self._truncated = True
            raise _Full

    def diff(self) -> RenderedDiff:
        names, _, patch = bytes(self._content).partition(b"\0\0")
        if self._truncated:
            patch = patch[: patch.rfind(b"\n") + 1]
        files = _files(names.rstrip(b"\0").split(b"\0")) if names else []
        return RenderedDiff(patch.decode("utf-8", "backslashreplace"), self._truncated, files)


def _files(fields: list[bytes]) -> list[ChangedFile]:
    """`:modes ids status`, path, for each file; then `added TAB removed TAB path` for each."""
    texts = [field.decode("utf-8", "backslashreplace") for field in fields]
    raw = texts[: sum(text.startswith(":") for text in texts[::2]) * 2]
    counts = [text.split("\t", 2) for text in texts[len(raw) :]]
    lines = {path: (_count(added), _count(removed)) for added, removed, path in counts}
    statuses = [head.rpartition(" ")[2] for head in raw[::2]]
    return [
        ChangedFile(status, path, *lines.get(path, (None, None)))
        for status, path in zip(statuses, raw[1::2], strict=True)
    ]


def _count(text: str) -> int | None:
    return int(text) if text.isdigit() else None
