"""What the platform has to know of a tool: which files it is for, its command, and its output.

What a tool prints is read first and its exit code second: exit codes lie (see each tool's module).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final, Literal, Protocol, runtime_checkable

from gitops_auditor.formats.findings import Finding

Purpose = Literal["lint", "format", "static", "secrets", "dependencies"]
Output = Literal["stdout", "stderr"]

MOST_FILES_AT_ONCE: Final = 2_000
"""Files of one command line; a tool that gets more is started several times."""


class UnreadableOutput(ValueError):
    """The tool did not say what it says when it worked; the message is a sentence of why."""


class Explained(UnreadableOutput):
    """As that, where the sentence says all that people need; nothing of the tool's is quoted."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One start of a tool, in the root that is looked at. `argv` begins with the program's path.

    `writable` lets the tool change the files; it is given only to tools that correct a copy.
    `readable` are files and folders beside the root and the program that it has to read. `planted`
    are files of ours, by name, that are written into the request's `scratch` before: a
    configuration, or a file with a known fault that shows that the tool looks.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    network: bool = False
    writable: bool = False
    readable: tuple[str, ...] = ()
    planted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a start of a tool ended. `exit_code` is 128 + the signal's number after a signal."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tool said. `files` says how many it looked at, None when it does not say.

    Nothing found by a tool that does not say is an error: let it list its files, or plant a fault.
    `ignored` says how many of the others the root's own configuration keeps the tool from; a tool
    counts a file there only when it is known by name that it was not looked at.
    """

    findings: list[Finding]
    files: int | None = None
    ignored: int = 0
    version: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """An installed program; `identity` changes whenever the program does (path, size and time)."""

    path: Path
    identity: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is looked at: files relative to `root`. `config` is a file of the root for the tool.

    `scratch` is an empty folder, outside of the root, that the tool may write; the runner makes one
    for each start. It is the tool's HOME too. `advisories` is the operator's own database of
    weaknesses in packages, a file or a folder, which the runner knows; None where there is none.
    """

    root: Path
    files: tuple[str, ...]
    config: str | None = None
    scratch: Path = Path()
    advisories: Path | None = None


class Tool(Protocol):
    """One linter, formatter or scanner. A tool is one module with one instance of it, no more."""

    @property
    def name(self) -> str:
        """As people call it, such as `ruff` or `ruff-format`."""

    @property
    def purpose(self) -> Purpose:
        """What it is for."""

    @property
    def languages(self) -> tuple[str, ...]:
        """What it reads, in people's words."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Names of the program, the first that is found is used."""

    @property
    def install(self) -> str:
        """The command that installs it, for the sentence that says it is missing."""

    def takes(self, file: str) -> bool:
        """Whether it is for a file of that name, relative to the root."""

    def is_wanted(self, request: Request) -> bool:
        """Whether the root asks for it; tools that need no configuration always are. It blocks."""

    def command(self, program: Program, request: Request) -> Invocation:
        """How it is started on files that it takes. It blocks as little as a look at a file."""

    def read(self, ended: Ended, request: Request) -> Reading:
        """What it said; raises UnreadableOutput unless it says that it looked at all files."""


@runtime_checkable
class Surveyor(Protocol):
    """A tool whose configuration may leave out files, which it says when it is asked before."""

    def may_leave_out(self, request: Request) -> bool:
        """Whether there is a configuration that could; it blocks as little as `command` does."""

    def survey(self, program: Program, request: Request) -> Invocation:
        """How it is asked which of the files it looks at."""

    def surveyed(self, ended: Ended, request: Request) -> tuple[str, ...]:
        """Those that it looks at; raises UnreadableOutput when it did not answer."""


@runtime_checkable
class Exacting(Surveyor, Protocol):
    """A surveyor whose `read` fails when a file was left out, so that it is first asked at once.

    Only when that failed it is asked which of the files it looks at.
    """

    @property
    def reads_all(self) -> Literal[True]:
        """Says so."""


@runtime_checkable
class Selective(Protocol):
    """A tool that is not given some files of its kind, as they or what is around them says."""

    def selected(self, request: Request) -> tuple[str, ...]:
        """The files of the request that it is given; it blocks as little as `command` does."""


@runtime_checkable
class Local(Protocol):
    """A tool that a repository may bring itself."""

    def folders(self, request: Request) -> tuple[Path, ...]:
        """Where its program is looked for first."""


@runtime_checkable
class Fixer(Protocol):
    """A tool that can correct files in place."""

    def fix(self, program: Program, request: Request) -> Invocation:
        """How it is started to correct the files of a copy."""

    def fixed(self, ended: Ended, request: Request) -> None:
        """Raises UnreadableOutput unless it says that it corrected all that it can."""


def config_for(request: Request, *patterns: str) -> str | None:
    """The request's configuration when its name is one that the tool has configurations by.

    One request is for several tools; a configuration is for those whose it can be.
    """
    name = PurePosixPath(request.config or "").name
    return request.config if any(fnmatchcase(name, pattern) for pattern in patterns) else None


def batches(files: Sequence[str], most: int = MOST_FILES_AT_ONCE) -> list[tuple[str, ...]]:
    """The files in groups of at most `most`, as even as can be."""
    count = -(-len(files) // most)
    return [tuple(files[at::count]) for at in range(count)]
