"""What a tool's starts amount to: the one place that decides whether its word can be taken.

Nothing here runs anything. A tool passes only when each of its starts ended by itself, printed all
of what it had to say, and said of each file it was given that it looked at it.
"""

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gitops_auditor.execution.results import JobResult
from gitops_auditor.formats.findings import MOST_FINDINGS, Finding, ToolReport, counted
from gitops_auditor.linters.tool import (
    Ended,
    Explained,
    Reading,
    Request,
    Surveyor,
    Tool,
    UnreadableOutput,
)

NO_FILE: Final = "There is no file for it."
ALL_LEFT_OUT: Final = "It leaves out all files of its kind, as it is configured or built."
"""The reason of a tool that is skipped though there are files of its kind."""

_QUOTED: Final = 160
"""Characters of a tool's own complaint that a reason quotes, of its beginning and of its end."""

_REFUSALS: Final = 3
_TOLD: Final = 40
"""Characters at the end of a complaint that show in a reason which quotes it already."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A start that has no end that could be read; `reason` is a sentence."""

    reason: str
    seconds: float = 0.0


Outcome = Ended | Broken


@dataclass(frozen=True, slots=True)
class Start:
    """One start of a tool, and how it ended."""

    request: Request
    outcome: Outcome


def outcome_of(result: JobResult, stdout: bytes, stderr: bytes) -> Outcome:
    """How a process ended, as far as the tool's own word counts then."""
    code = result.exit_code
    is_own_end = result.failure in (None, "failed") and result.exceeded is None
    if code is None or not is_own_end:
        return Broken(result.reason or "It did not end by itself.", result.seconds)
    if not result.all_gone:
        return Broken("Processes that it started could not be ended.", result.seconds)
    if code - 128 in set(signal.Signals):
        return Broken(f"It was ended by {signal.Signals(code - 128).name}.", result.seconds)
    return Ended(code, stdout, stderr, result.seconds)


def judged(tool: Tool, starts: Sequence[Start], left_out: int = 0) -> ToolReport:
    """What all starts of one tool say together; its findings have no fingerprints yet.

    `left_out` are files that it said before it does not look at, as its configuration has it.
    """
    seconds = sum(start.outcome.seconds for start in starts)
    given = sum(len(start.request.files) for start in starts)
    readings: list[Reading] = []
    for start in starts:
        reading = read(tool, start)
        if isinstance(reading, str):
            return broken(tool, reading, given, seconds)
        readings.append(reading)
    ignored = sum(reading.ignored for reading in readings)
    return _report(tool, readings, given - ignored, ignored + left_out, seconds)


def _report(
    tool: Tool, readings: Sequence[Reading], files: int, left_out: int, seconds: float
) -> ToolReport:
    findings = [finding for reading in readings for finding in reading.findings]
    if not files and not findings:
        return skipped(tool, ALL_LEFT_OUT, seconds)
    return ToolReport(
        tool=tool.name,
        status="failed" if findings else "passed",
        reason=f"It leaves out {left_out} of the files." if left_out else "",
        version=next((reading.version for reading in readings if reading.version), ""),
        files=files,
        findings=tuple(_named(findings[:MOST_FINDINGS], tool.name)),
        counts=counted(findings),
        seconds=seconds,
    )


def _named(findings: Sequence[Finding], tool: str) -> list[Finding]:
    """Tools that read alike leave it open whose findings they are."""
    return [one if one.tool == tool else one.model_copy(update={"tool": tool}) for one in findings]


def skipped(tool: Tool, reason: str, seconds: float = 0.0) -> ToolReport:
    """The report of a tool that had nothing to look at."""
    return ToolReport(tool=tool.name, status="skipped", reason=reason, seconds=seconds)


def broken(tool: Tool, reason: str, files: int, seconds: float = 0.0) -> ToolReport:
    """The report of a tool that could not do what it was asked to."""
    return ToolReport(tool=tool.name, status="error", reason=reason, files=files, seconds=seconds)


def hindered(report: ToolReport, refused: Sequence[str]) -> ToolReport:
    """What a tool said, as an error: there are files that it could not be given."""
    also = f" {report.reason}" if report.status in ("error", "absent") else ""
    update = {
        "status": "error",
        "reason": f"{refusal(refused)}{also}",
        "files": report.files + len(refused),
    }
    return report.model_copy(update=update)


def refusal(refused: Sequence[str]) -> str:
    """The first reasons why files are given to no tool, and how many more there are."""
    more = len(refused) - _REFUSALS
    return " ".join((*refused[:_REFUSALS], *([f"And {more} more."] if more > 0 else [])))


def read(tool: Tool, start: Start) -> Reading | str:
    """What one start said, or the sentence of why that cannot be taken."""
    ended, request = start.outcome, start.request
    if isinstance(ended, Broken):
        return ended.reason
    try:
        reading = tool.read(ended, request)
        _check(reading, request)
    except Explained as error:
        return str(error)
    except UnreadableOutput as error:
        return _sentence(str(error), ended)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return _sentence(f"{tool.name} printed something that is not its report.", ended)
    return reading


def looked_at(tool: Surveyor, start: Start) -> tuple[str, ...] | str:
    """The files that a tool said it looks at, or the sentence of why that cannot be taken."""
    ended, request = start.outcome, start.request
    if isinstance(ended, Broken):
        return ended.reason
    try:
        answered = set(tool.surveyed(ended, request))
    except UnreadableOutput as error:
        return _sentence(str(error), ended)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return _sentence("It did not say which files it looks at.", ended)
    if not answered <= set(request.files):
        return _sentence("It looks at files that it was not given.", ended)
    return tuple(file for file in request.files if file in answered)


def _check(reading: Reading, request: Request) -> None:
    if reading.files is None and not reading.findings:
        raise UnreadableOutput("It found nothing, and did not say what it looked at.")
    if reading.files is not None and reading.files + reading.ignored != len(request.files):
        raise UnreadableOutput(
            f"It looked at {reading.files} of {len(request.files)} files that it was given."
        )
    for finding in reading.findings:
        if finding.file and finding.file not in request.files:
            raise UnreadableOutput(f"It spoke of {finding.file}, which it was not given.")


def _sentence(reason: str, ended: Ended) -> str:
    words = ended.stderr.decode(errors="replace").split()
    said = " ".join(word for word in words if any(map(str.isalnum, word)))
    is_told = said[-_TOLD:] in reason
    if len(said) > 2 * _QUOTED:
        said = f"{said[:_QUOTED]} ... {said[-_QUOTED:]}"
    quoted = "" if is_told else f" It said: {said}"
    return f"{reason} (Exit code {ended.exit_code}.){quoted}"
