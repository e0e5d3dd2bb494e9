"""Chooses among what the readers found: the cause, not what followed from it."""

from dataclasses import replace
from typing import Final

from gitops_auditor.pipelines.failures.excerpt import ending, excerpt
from gitops_auditor.pipelines.failures.log_text import lines_of
from gitops_auditor.pipelines.failures.models import (
    Explanation,
    Finding,
    Lines,
    Weight,
)
from gitops_auditor.pipelines.failures.verdicts import classify, is_of_the_platform

_CANNOT_RUN: Final = (126, 127)
"""Exit codes of a shell for a command that cannot be run, or is not there (POSIX 2.8.2)."""
_KILLED: Final = 137
_MAX_CAUSE: Final = 500


def explain(
    log: bytes, *, exit_code: int | None = None, reason: str = "", token_budget: int = 1_000
) -> Explanation:
    """Why a job failed.

    `log` may be any bytes and of any length; of a long one the beginning and the end are looked at.
    `exit_code` and `reason` are those of the attempt. The excerpt has at most `token_budget` tokens
    of about four characters, and no colours. A log in which nothing is recognised gives its last
    lines.
    """
    lines = lines_of(log)
    while lines and not lines[-1]:
        lines.pop()
    if is_of_the_platform(reason):
        kind, suggestion = classify(reason)
        return Explanation(_short(reason), kind, (), ending(lines, token_budget), suggestion)
    found = [_weighed(one, exit_code) for one in _findings(lines)]
    if not found:
        return _unrecognised(lines, exit_code, reason, token_budget)
    first = min(found, key=lambda one: (one.weight, one.first))
    return Explanation(
        cause=_short(first.cause),
        kind=first.kind,
        locations=first.locations,
        excerpt=excerpt(lines, first.first, first.last, token_budget),
        suggestion=first.suggestion,
    )


def _findings(lines: Lines) -> list[Finding]:
    # A session starts without compiling their patterns.
    from gitops_auditor.pipelines.failures.readers import READERS  # noqa: PLC0415 - see above

    return [one for read in READERS if (one := read(lines)) is not None]


def _weighed(finding: Finding, exit_code: int | None) -> Finding:
    """A shell's exit code tells that a command could not be run, whatever else went wrong."""
    tells = exit_code in _CANNOT_RUN and finding.kind == "command"
    decisive = tells and finding.weight == Weight.COMMAND
    return replace(finding, weight=Weight.DECISIVE) if decisive else finding


def _unrecognised(
    lines: Lines, exit_code: int | None, reason: str, token_budget: int
) -> Explanation:
    last = ending(lines, token_budget)
    if exit_code == _KILLED:
        suggestion = "Look whether the machine ran out of memory, or who ended the process."
        return Explanation("The process was killed.", "memory", (), last, suggestion)
    cause = reason or (f"It ended with exit code {exit_code}." if exit_code else "It failed.")
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    cause = f"{cause} The last it said: {said}" if said else f"{cause} It said nothing."
    return Explanation(_short(cause), "unknown", (), last, "Read the end of the log.")


def _short(cause: str) -> str:
    return cause if len(cause) <= _MAX_CAUSE else f"{cause[: _MAX_CAUSE - 3]}..."
