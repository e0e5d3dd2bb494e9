"""Biome's formatter, for repositories that use no other one.

Its JSON has a difference for each file, which takes it minutes for files that machines made; its
short lines take none.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gitops_auditor.formats.findings import Finding
from gitops_auditor.linters.rebasing import asked
from gitops_auditor.linters.tool import (
    Ended,
    Invocation,
    Program,
    Purpose,
    Reading,
    Request,
    UnreadableOutput,
)
from gitops_auditor.linters.tools import biome_output, javascript, machine_made
from gitops_auditor.linters.tools.outputs import require_agreement, require_exit, said

FACE: Final = biome_output.Face("format", ("concise",))

_DIAGNOSTIC: Final = re.compile(r"^[\xd7!i] .+$", re.MULTILINE)
_UNFORMATTED: Final = re.compile(
    r"\xd7 (.+): format: Formatter would have printed the following content:"
)
_PARSE: Final = re.compile(r"\xd7 (.+):(\d+):(\d+): parse: (.+)")
_ABORTED: Final = re.compile(
    r"\xd7 (.+): format: Code formatting aborted due to parsing errors\b.*"
)
_CHECKED: Final = re.compile(r"^Checked (\d+) files? in ", re.MULTILINE)
_FOUND: Final = re.compile(r"^Found (\d+) errors?\.$", re.MULTILINE)


class BiomeFormat:
    """Takes the repository's biome.json, and its .editorconfig where that says so."""

    name: Final = "biome-format"
    purpose: Final[Purpose] = "format"
    languages: Final = ("JavaScript", "TypeScript", "JSON", "CSS")
    programs: Final = ("biome",)
    install: Final = "install it with: npm install --global @biomejs/biome"

    def takes(self, file: str) -> bool:
        """Files of Biome's languages."""
        return biome_output.takes(file)

    def is_wanted(self, request: Request) -> bool:
        """Unless Prettier is what the repository uses."""
        return javascript.uses_biome(request.root) or not javascript.uses_prettier(request.root)

    def folders(self, request: Request) -> tuple[Path, ...]:
        """The repository's own Biome formats as its people see it."""
        return javascript.own_programs(request.root)

    def selected(self, request: Request) -> tuple[str, ...]:
        """What people wrote."""
        return machine_made.written_by_people(request.root, request.files)

    def command(self, program: Program, request: Request) -> Invocation:
        """Format without writing."""
        return Invocation(biome_output.command_line(program, request, FACE))

    def read(self, ended: Ended, request: Request) -> Reading:
        """One finding a file that is not formatted."""
        require_exit(ended, (0, 1), "biome")
        log = ended.stderr.decode("utf-8", "replace")
        told = _DIAGNOSTIC.findall(log)
        broken = _unparsed(told)
        unformatted = [_file(line) for line in told if not _PARSE.fullmatch(line)]
        ignored = biome_output.ignored_in(ended.stdout.decode("utf-8", "replace"), request)
        looked = len(request.files) - len(ignored)
        if (_count(_CHECKED, log), _count(_FOUND, log)) != (looked, _errors(told)):
            raise UnreadableOutput(f"biome failed: {said(ended)}")
        if looked:
            require_agreement(ended, "biome", found=bool(told))
        findings = [_finding(asked(file, request), broken.get(file)) for file in unformatted]
        return Reading(findings, files=looked, ignored=len(ignored))

    def fix(self, program: Program, request: Request) -> Invocation:
        """Write the files as they should be."""
        return Invocation(biome_output.correction(program, request, FACE), writable=True)

    def fixed(self, ended: Ended, request: Request) -> None:  # noqa: ARG002 - it names no files
        """What it cannot correct is left as it is."""
        biome_output.corrected(ended)


def _unparsed(told: Sequence[str]) -> dict[str, re.Match[str]]:
    """What is wrong first with each file that cannot be parsed."""
    found = [match for line in told if (match := _PARSE.fullmatch(line))]
    return {match[1]: match for match in reversed(found)}


def _errors(told: Sequence[str]) -> int:
    """How many of what it told it counts: that it gave up a file it does not."""
    return sum(1 for line in told if not _ABORTED.fullmatch(line))


def _file(diagnostic: str) -> str:
    """The file that is not formatted; any other line says that one could not be looked at."""
    found = _UNFORMATTED.fullmatch(diagnostic) or _ABORTED.fullmatch(diagnostic)
    if found is None:
        raise UnreadableOutput(f"biome could not look at {diagnostic[2:]}")
    return found[1]


def _count(pattern: re.Pattern[str], log: str) -> int:
    """The only number that the pattern finds, 0 without one."""
    found = pattern.findall(log)
    return int(found[0]) if len(found) == 1 else 0


def _finding(file: str, broken: re.Match[str] | None) -> Finding:
    if broken is not None:
        return Finding(
            tool="biome-format",
            rule="parse",
            severity="high",
            message=f"It cannot be formatted, since it cannot be parsed: {broken[4]}",
            file=file,
            line=int(broken[2]) or None,
            column=int(broken[3]) or None,
        )
    return Finding(
        tool="biome-format",
        rule="unformatted",
        severity="low",
        message="The file is not formatted as Biome does it.",
        file=file,
        fix=f"npx @biomejs/biome format --write {file}",
    )


BIOME_FORMAT: Final = BiomeFormat()
