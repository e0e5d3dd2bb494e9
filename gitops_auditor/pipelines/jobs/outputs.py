"""What a job hands on: lines `NAME=value`, and blocks from `NAME<<END` to a line `END`, in a file.

The file is named by the job's variable GITOPS_OUTPUT. A name that is set twice has its last value.
A job that declares no outputs finds no file, and may make it.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gitops_auditor.errors import InvalidRequest, NotFound, TooLarge, Unavailable
from gitops_auditor.execution.collecting import read_left

VARIABLE: Final = "GITOPS_OUTPUT"
MAX_FILE_BYTES: Final = 2**20
MAX_VALUE_BYTES: Final = 2**15
"""Each becomes a variable of later jobs, and all variables of a process share little room."""

_SETS: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,127})(=|<<)(.*)", re.ASCII)
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class OutputFile:
    """A file in the home of a job that nothing else has the name of; the job finds it at `path`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._name = f".outputs-{secrets.token_hex(16)}"
        self.path = str(home / self._name)

    def make(self, user: tuple[int, int] | None) -> None:
        """Let the user of jobs find it empty; it blocks.

        Raises Unavailable when an earlier job took the home away.
        """
        try:
            with self._folder() as folder:
                opened = os.open(self._name, _NEW, 0o600, dir_fd=folder)
                if user is not None:
                    os.fchown(opened, *user)
                os.close(opened)
        except OSError as fault:
            raise _unavailable(fault.strerror) from fault

    def require_home(self) -> None:
        """Raises Unavailable when an earlier job took the home away."""
        if not self._home.is_dir():
            raise _unavailable("its folder is gone")

    @property
    def is_there(self) -> bool:
        """Whether there is anything to take."""
        return os.path.lexists(self.path)

    def take(self) -> dict[str, str]:
        """What the job wrote, which may be anything; it blocks for what is there.

        Raises InvalidRequest, Refused, TooLarge.
        """
        if not self.is_there:
            return {}
        try:
            content = read_left(self._home, self._name, max_bytes=MAX_FILE_BYTES)
        except NotFound:
            return {}
        finally:
            # What a job put in its place goes with the home.
            with contextlib.suppress(OSError), self._folder() as folder:
                os.unlink(self._name, dir_fd=folder)
        return parse_outputs(content)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[int]:
        opened = os.open(self._home, _FOLDER)
        try:
            yield opened
        finally:
            os.close(opened)


def _unavailable(reason: str | None) -> Unavailable:
    return Unavailable(
        f"No file for outputs can be made: {reason}.",
        hint="Check the disk, and whether an earlier job removed its HOME.",
    )


def parse_outputs(content: bytes) -> dict[str, str]:
    """The values by name. Raises InvalidRequest with the line, and TooLarge for a long value."""
    try:
        lines = iter(enumerate(content.decode().split("\n"), start=1))
    except UnicodeDecodeError:
        raise _unreadable("The outputs are not text in UTF-8.") from None
    values: dict[str, str] = {}
    for number, line in lines:
        if not line.strip():
            continue
        found = _SETS.fullmatch(line.removesuffix("\r"))
        if found is None:
            raise _unreadable(f"Line {number} of the outputs sets no name.")
        name, sign, rest = found.groups()
        values[name] = rest if sign == "=" else _block(rest.strip(), lines, number)
        _require_usable(name, values[name])
    return values


def _block(end: str, lines: Iterator[tuple[int, str]], start: int) -> str:
    block: list[str] = []
    for _, line in lines:
        if line.rstrip("\r") == end:
            return "\n".join(block)
        block.append(line)
    raise _unreadable(f"The block that line {start} of the outputs begins does not end.")


def _require_usable(name: str, value: str) -> None:
    if "\0" in value:
        raise _unreadable(f"The output {name} has a null character.")
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise TooLarge(
            f"The output {name} has more than {MAX_VALUE_BYTES} bytes.",
            hint="Keep long content as an artifact, and hand on its path.",
        )


def _unreadable(message: str) -> InvalidRequest:
    hint = f"Write NAME=value, or NAME<<END, lines and END, to the file ${VARIABLE}."
    return InvalidRequest(message, hint=hint)
