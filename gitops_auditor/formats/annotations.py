"""Findings as workflow commands of GitHub Actions, which it shows beside the lines of a change.

The form is `::error file=a.py,line=1,title=ruff F401::message`, with the escapes that the
documentation of workflow commands and the runner that reads them have.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from gitops_auditor.formats.findings import SEVERITIES, Finding, Severity, ToolReport

Command = Literal["error", "warning", "notice"]

COMMANDS: Final[Mapping[Severity, Command]] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "notice",
}
MOST: Final = 10
"""The commands of each kind that GitHub shows of one step."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f]")


def annotations(reports: Sequence[ToolReport], most: int = MOST) -> list[str]:
    """One line a command: tools that broke or are missing first, then the worst findings.

    At most `most` of them; when there are more, also of those that a report does not keep, a last
    line says how many. No text of a finding can begin a command or a line of its own.
    """
    broken = [report for report in reports if report.status in ("error", "absent")]
    findings = [finding for report in reports for finding in report.findings]
    findings.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    lines = [*map(_of_tool, broken), *map(_of_finding, findings)]
    kept = [max(report.total, len(report.findings)) for report in reports]
    more = len(broken) + sum(kept) - min(most, len(lines))
    last = [_line("notice", {}, f"{more} more are not shown.")] if more else []
    return [*lines[:most], *last]


def _of_tool(report: ToolReport) -> str:
    reason = report.reason or f"The tool ended as {report.status}."
    return _line("error", {"title": report.tool}, reason)


def _of_finding(finding: Finding) -> str:
    """Columns are left out: the tools do not count them alike."""
    numbers = {"line": finding.line, "endLine": finding.end_line if finding.line else None}
    properties = {"file": finding.file} if finding.file else {}
    if finding.file:
        properties |= {name: str(number) for name, number in numbers.items() if number}
    properties["title"] = f"{finding.tool} {finding.rule}"
    message = f"{finding.message}\n{finding.fix}" if finding.fix else finding.message
    return _line(COMMANDS[finding.severity], properties, message)


def _line(command: Command, properties: Mapping[str, str], message: str) -> str:
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command}{' ' if listed else ''}{listed}::{_data(message)}"


def _data(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
