"""What a gate's command is asked to look at.

How files get into the command line: a line that mentions `$@` places them itself. Else, when it is
a single command that is known to take files and names none itself, they are added at its end; for
other commands only when the gate has patterns in `files`. In changed-files mode these are the
changed files that the patterns of the gate, or else those of the known command, name. For the whole
repository it is `.` where a known command would look at nothing without it (`prettier --check`), or
the names of all its files where it looks into no folders (`shellcheck`).
"""

import os
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from gitops_auditor.errors import TooLarge
from gitops_auditor.quality.checks.command_line import Call, CommandLine
from gitops_auditor.quality.checks.file_selection import as_arguments, selected, sources_below
from gitops_auditor.quality.checks.known_command import KnownCommand
from gitops_auditor.quality.checks.known_commands import known_calls
from gitops_auditor.quality.checks.running import require_command
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.gate import Gate

_MOST_ARGUMENT_BYTES: Final = 1_000_000


class Asked(NamedTuple):
    """The command line to run, its parameters, and the files that it is about.

    `skipped` is a sentence when there is nothing to look at. `files` is None where the command
    finds them by itself.
    """

    script: str
    arguments: tuple[str, ...] = ()
    files: frozenset[str] | None = None
    skipped: str = ""


def ask(gate: Gate, line: CommandLine, subject: Subject) -> Asked:
    """What to run for the subject; it blocks. Raises TooLarge."""
    command = require_command(gate)
    calls = known_calls(line)
    call, known = calls[0] if line.is_single and calls else (None, None)
    takes = _takes(gate, line, call, known)
    wanted = _concerned(gate, call, known)
    if subject.files is not None:
        changed = wanted(subject.files)
        if not changed:
            return Asked(command, skipped="None of the changed files is one that it is for.")
        return _placed(command, line, changed) if takes else Asked(command)
    present = wanted(sources_below(subject.root))
    if not present and (gate.files or known):
        return Asked(command, skipped="There are no files that it is for.")
    if call is None or known is None or not takes:
        return _placed(command, line, present if line.places_files else [])
    if gate.files or known.whole == "files":
        return _placed(command, line, present)
    return _added(command, _folder(call, known))


def _folder(call: Call, known: KnownCommand) -> list[str]:
    """What tells a program to look at the whole folder, when it has to be told."""
    if known.whole != "dot":
        return []
    missing = known.recursion if not set(known.recursion) & set(call.arguments) else ()
    return [*missing[:1], "."]


def _takes(gate: Gate, line: CommandLine, call: Call | None, known: KnownCommand | None) -> bool:
    """Whether files are added to the command."""
    if line.places_files or not line.is_single:
        return line.places_files
    if call is None or known is None:
        return bool(gate.files)
    return known.takes_files and not known.names_paths(call)


def _concerned(
    gate: Gate, call: Call | None, known: KnownCommand | None
) -> Callable[[Iterable[str]], list[str]]:
    """Selects the files that the gate names, else those that the program is for."""
    if gate.files:
        return lambda files: [file for file in files if gate.concerns(file)]
    if known is None or call is None or known.names_paths(call):
        return list
    return lambda files: selected(files, known.patterns)


def _placed(command: str, line: CommandLine, files: list[str]) -> Asked:
    arguments = as_arguments(files)
    if sum(len(os.fsencode(one)) + 9 for one in arguments) > _MOST_ARGUMENT_BYTES:
        raise TooLarge(
            f"{len(files)} files are too many for one command line.",
            hint="Let the command find its files: name a folder in it.",
        )
    if line.places_files:
        return Asked(command, tuple(arguments), frozenset(files))
    return _added(command, arguments)._replace(files=frozenset(files) if files else None)


def _added(command: str, arguments: list[str]) -> Asked:
    if not arguments:
        return Asked(command)
    return Asked(f'{command.rstrip()} "$@"', tuple(arguments))
