"""What a command that ended by itself has said: its output first, its exit code second."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from gitops_auditor.quality.checks.command_line import Call, CommandLine
from gitops_auditor.quality.checks.known_command import KnownCommand
from gitops_auditor.quality.checks.known_commands import known_calls
from gitops_auditor.quality.checks.running import Ran
from gitops_auditor.quality.evidence import Verdict

_CANNOT_EXECUTE: Final = 126
_NOT_FOUND: Final = 127
_MISSING: Final = re.compile(
    r"^(?:\S*sh|gate|sh): (?:line )?(?:\d+: )?(?:\d+: )?([^:\n]+): (?:command )?not found$|"
    r"^\S*sh: (?:line )?\d+: ([^:\n]+): No such file or directory$",
    re.MULTILINE,
)
_NO_MODULE: Final = re.compile(r"^\S*python[0-9.]*: No module named (\S+)", re.MULTILINE)
# npm and uv fetch what they are asked to run, which can fail.
_NO_PACKAGE: Final = re.compile(
    r"^npm (?:error|ERR!) |^error: (?:Failed to|Request failed)"
    r"|^  \u00d7 (?:Failed to|No solution)",
    re.MULTILINE,
)
_NO_SHELL: Final = re.compile(
    r"^(?:\S*sh|gate): (?:-c: )?(?:line )?\d+: (?:syntax error|unexpected EOF)", re.MULTILINE
)
_ELSEWHERE: Final = (
    "Where it is installed outside of the system's folders, name that folder in"
    " PIPELINE_JOB_FOLDERS and PATH, and let the user of jobs read it."
)
_SHOWN: Final = 200


class Judgement(NamedTuple):
    """A verdict with its sentence, and what to do where something is missing."""

    verdict: Verdict
    reason: str = ""
    fix: str = ""


def judge(ran: Ran, line: CommandLine) -> Judgement:
    """The verdict of a command without a report."""
    return unable(ran, line) or _said(ran, line)


def unable(ran: Ran, line: CommandLine) -> Judgement | None:
    """Why it could not look; None when it did, or when nothing is known of that."""
    if ran.broken:
        return Judgement("error", ran.broken, "Give it more time, or less to do.")
    return _missing(ran, line) or _showed_nothing(ran, line)


def _missing(ran: Ran, line: CommandLine) -> Judgement | None:
    found = _MISSING.search(ran.output) if ran.exit_code == _NOT_FOUND else None
    found = found or (_NO_MODULE.search(ran.output) if ran.exit_code else None)
    if found is not None or ran.exit_code == _NOT_FOUND:
        groups = found.groups() if found else ()
        program = next(filter(None, groups), line.calls[0].program if line.calls else "It")
        return Judgement("error", f"{program} is not installed.", _install(program, line))
    if ran.exit_code == _CANNOT_EXECUTE:
        program = line.calls[0].program if line.calls else "It"
        return Judgement("error", f"{program} cannot be executed.", _ELSEWHERE)
    program = line.calls[0].program if line.calls else "npm"
    fetched = _NO_PACKAGE.search(ran.output) if ran.exit_code and program != "npm" else None
    if fetched is not None:
        reason = f"{program} could not be fetched and run: {_line_of(ran.output, fetched)}"
        return Judgement("error", reason, _install(program, line))
    if ran.exit_code and _NO_SHELL.search(ran.output):
        return Judgement("error", "The shell cannot read the command.", "Correct `command`.")
    return None


def _install(program: str, line: CommandLine) -> str:
    known = {one.words[0]: one.install for _, one in known_calls(line)}
    how = f"Install it: {known[program]}." if program in known else f"Install {program}."
    return f"{how} {_ELSEWHERE}"


def _showed_nothing(ran: Ran, line: CommandLine) -> Judgement | None:
    for _, known in known_calls(line):
        nothing = known.has_nothing.search(ran.output) if known.has_nothing else None
        if nothing is not None:
            said = _line_of(ran.output, nothing)
            reason = f"{known.name} did not look at all that it was to look at: {said}"
            fix = "Leave files that it does not look at out with `files`."
            return Judgement("error", reason, fix)
        broke = known.has_broken.search(ran.output) if known.has_broken else None
        if broke is not None:
            said = _line_of(ran.output, broke)
            return Judgement("error", f"{known.name} could not do its work: {said}")
    return None


def _said(ran: Ran, line: CommandLine) -> Judgement:
    known = known_calls(line)
    for _, one in known:
        if one.has_found is not None and (found := one.has_found.search(ran.output)):
            return Judgement("failed", f"{one.name} found: {_line_of(ran.output, found)}")
    if line.is_single and known:
        return _of_known(ran, *known[0])
    if ran.exit_code == 0:
        return Judgement("passed")
    return Judgement("failed", f"It ended with exit code {ran.exit_code}.")


def _of_known(ran: Ran, call: Call, known: KnownCommand) -> Judgement:
    code = ran.exit_code
    if code == 0:
        return _proven(ran, call, known)
    ended = f"{known.name} ended with exit code {code}"
    if code not in known.failed:
        return Judgement("error", f"{ended}, which is not what it does when it looked.")
    if known.has_finding is not None and not known.has_finding.search(ran.output):
        return Judgement("error", f"{ended}, but shows nothing that it found.")
    return Judgement("failed", f"{ended}.")


def _proven(ran: Ran, call: Call, known: KnownCommand) -> Judgement:
    if known.has_proof is None or known.is_quiet(call) or known.has_proof.search(ran.output):
        return Judgement("passed")
    reason = f"{known.name} ended with exit code 0, but does not say that it looked at anything."
    return Judgement("error", reason, "Leave out the options that change or shorten its output.")


def _line_of(text: str, found: re.Match[str]) -> str:
    """The line of the text in which the match begins, which shows leading white space no more."""
    at = found.start() + len(found[0]) - len(found[0].lstrip())
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    return text[start : end if end >= 0 else len(text)].strip()[:_SHOWN]


def explains(ran: Ran, calls: Sequence[tuple[Call, KnownCommand]]) -> bool:
    """Whether the exit code is one that findings explain."""
    failed = calls[0][1].failed if len(calls) == 1 else frozenset({1})
    return ran.exit_code == 0 or ran.exit_code in failed
