"""What tools find in files: one vocabulary for linters, scanners, gates and reports."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "high", "medium", "low")
"""Worst first."""

ToolStatus = Literal["passed", "failed", "error", "absent", "skipped"]
"""`passed`, `failed`: the tool looked at every file it was given, and found nothing, or something.

`error`: it could not do that. `absent`: it is not installed though there are files for it.
`skipped`: there was no file for it.
"""

MOST_FINDINGS: Final = 5_000
"""The findings of one tool that are kept; `counts` has all."""


def at_least(severity: Severity, threshold: Severity) -> bool:
    """Whether a severity is as bad as the threshold, or worse."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(threshold)


class Part(BaseModel, defer_build=True):
    """A piece of a report. Immutable; a field that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Finding(Part):
    """One thing that one tool found.

    `file` is relative to the root that was looked at, with slashes, and empty for what is not about
    a file. Lines and columns count from 1. `fix` says what to do, a command where there is one.
    `fingerprint` stays the same when lines move; see `formats.fingerprints`.
    """

    tool: str
    rule: str
    severity: Severity
    message: str
    file: str = ""
    line: int | None = Field(None, ge=1)
    column: int | None = Field(None, ge=1)
    end_line: int | None = Field(None, ge=1)
    fix: str = ""
    fingerprint: str = ""


class ToolReport(Part):
    """What one tool said. `reason` says why for each status but passed and failed.

    `files` were given to it, all of which it looked at when it passed or failed. `counts` are of
    all findings, also of those beyond MOST_FINDINGS.
    """

    tool: str
    status: ToolStatus
    reason: str = ""
    version: str = ""
    files: int = 0
    findings: tuple[Finding, ...] = ()
    counts: dict[Severity, int] = Field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """All findings, also those that are not kept."""
        return sum(self.counts.values())


class ScanReport(Part):
    """What several tools said of the same files.

    `files` were asked for; `unchecked` are those that no tool is for, by the end of their name.
    """

    files: int
    tools: tuple[ToolReport, ...]
    unchecked: dict[str, int] = Field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """At least one tool looked, and none found anything, broke or is missing."""
        told = {one.status for one in self.tools}
        return "passed" in told and told <= {"passed", "skipped"}

    @property
    def findings(self) -> list[Finding]:
        """Of all tools, in their order."""
        return [finding for one in self.tools for finding in one.findings]


def counted(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings there are of each severity, worst first, without zeros."""
    found = Counter(finding.severity for finding in findings)
    return {severity: found[severity] for severity in SEVERITIES if found[severity]}
