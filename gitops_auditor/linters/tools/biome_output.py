"""How Biome is asked, and the files that it says it processed."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from gitops_auditor.linters.rebasing import given
from gitops_auditor.linters.tool import Ended, Program, Request, UnreadableOutput, config_for
from gitops_auditor.linters.tools.javascript import SCRIPTS, uses_biome
from gitops_auditor.linters.tools.outputs import left_out, listed, require_exit

ENDINGS: Final = SCRIPTS | {".json", ".jsonc", ".css"}

_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json"})
_PROCESSED = re.compile(r"^ *i Files processed:\n *\n((?:  - [^\n]+\n)+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Face:
    """One of the tools that Biome is: its command, and how it is to print."""

    command: Literal["lint", "format"]
    reporters: tuple[str, ...]


def takes(file: str) -> bool:
    """Whether Biome reads files of that name."""
    name = file.rpartition("/")[2]
    return name not in _LOCKS and "." + name.rpartition(".")[2] in ENDINGS


def command_line(program: Program, request: Request, face: Face) -> tuple[str, ...]:
    """The command line that makes Biome tell all that it found, and where it looked."""
    return (
        str(program.path),
        face.command,
        *(f"--reporter={one}" for one in face.reporters),
        "--verbose",
        "--colors=off",
        "--max-diagnostics=none",
        *_config(request),
        "--",
        *given(request),
    )


def correction(program: Program, request: Request, face: Face) -> tuple[str, ...]:
    """The command line that makes Biome write what it corrected."""
    options = ("--write", "--colors=off", *_config(request))
    return (str(program.path), face.command, *options, "--", *given(request))


def corrected(ended: Ended) -> None:
    """Raise UnreadableOutput unless Biome ended by itself; 1 is what it could not correct."""
    require_exit(ended, (0, 1), "biome")


def ignored_in(printed: str, request: Request) -> list[str]:
    """The files that its configuration keeps it from; without one that is an UnreadableOutput."""
    looked = [line[4:] for found in _PROCESSED.findall(printed) for line in found.splitlines()]
    ignored = left_out(request, looked)
    if ignored and not (_config(request) or uses_biome(request.root)):
        raise UnreadableOutput(f"biome did not look at {listed(ignored)}.")
    return ignored


def _config(request: Request) -> tuple[str, ...]:
    config = config_for(request, "*biome*.json", "*biome*.jsonc")
    return (f"--config-path={config}",) if config else ()
