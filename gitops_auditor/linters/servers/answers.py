"""What the servers answer: the report with its verdict, and the same as a bounded text."""

import json
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.formats.findings import (
    SEVERITIES,
    Finding,
    ScanReport,
    Severity,
    ToolReport,
    at_least,
)
from gitops_auditor.formats.sarif_writing import write_sarif
from gitops_auditor.linters.fixing import Fixes
from gitops_auditor.linters.inventory import InstalledTool

MOST_CHARACTERS: Final = 20_000
"""Of a text for reading."""
MOST_BYTES: Final = 3 * 2**19
"""Of one form of the report; clients refuse answers of a few megabytes."""

_LOOKED: Final = frozenset({"passed", "failed", "skipped"})
_TOLD: Final = {"passed": "nothing found", "failed": "found", "error": "ERROR", "absent": "ABSENT"}


class Answer(BaseModel, defer_build=True):
    """A ScanReport and its verdict.

    `passed` is whether at least one tool looked, none broke or is missing, and nothing was found
    that is as bad as `fail_threshold`. `clear` is the same, and true also where there was nothing
    for any tool to look at, so that nothing stands in the way. `counts` of a tool has all findings,
    also those that were left out of the list.
    """

    model_config = ConfigDict(frozen=True)

    passed: bool
    clear: bool
    fail_threshold: Severity
    reason: str
    files: int
    tools: tuple[ToolReport, ...]
    unchecked: dict[str, int] = Field(default_factory=dict)

    @property
    def report(self) -> ScanReport:
        """Without the verdict."""
        return ScanReport(files=self.files, tools=self.tools, unchecked=self.unchecked)


class Inventory(BaseModel, defer_build=True):
    """The tools that a server knows, installed or not."""

    model_config = ConfigDict(frozen=True)

    tools: tuple[InstalledTool, ...]


def answer(report: ScanReport, threshold: Severity, limit: int) -> Answer:
    """The report with at most `limit` findings of each tool, and fewer when they are too long."""
    while True:
        tools = tuple(_shortened(one, limit) for one in report.tools)
        made = Answer(
            passed=passes(report, threshold),
            clear=passes(report, threshold) or _is_skipped(report),
            fail_threshold=threshold,
            reason=_reason(report, threshold),
            files=report.files,
            tools=tools,
            unchecked=report.unchecked,
        )
        if limit == 0 or len(made.model_dump_json()) <= MOST_BYTES:
            return made
        limit //= 2


def passes(report: ScanReport, threshold: Severity) -> bool:
    """Whether a tool looked, all that were needed did, and found nothing so bad."""
    told = {one.status for one in report.tools}
    return bool(told & {"passed", "failed"}) and told <= _LOOKED and not _bad(report, threshold)


def _is_skipped(report: ScanReport) -> bool:
    return all(one.status == "skipped" for one in report.tools)


def report_text(told: Answer) -> str:
    """The answer as a person or a model reads it."""
    lines = [told.reason, *_tool_lines(told)]
    if told.unchecked:
        ends = ", ".join(f"{end} ({count})" for end, count in list(told.unchecked.items())[:20])
        lines.append(f"No tool is for: {ends}.")
    head = "\n".join(lines)
    room = MOST_CHARACTERS - len(head)
    findings = _ordered(told)
    shown: list[str] = []
    for line in map(_finding_line, findings):
        room -= len(line) + 1
        if room < 0:
            break
        shown.append(line)
    left = sum(one.total for one in told.tools) - len(shown)
    more = [f"... and {left} more; name fewer files, or a higher `limit`."] if left else []
    return "\n".join([head, *shown, *more])


def sarif_text(told: Answer) -> str:
    """The answer as SARIF 2.1.0."""
    return json.dumps(write_sarif(told.tools), separators=(",", ":"))


def fixes_text(fixes: Fixes) -> str:
    """The diff, after what kept tools from their work."""
    head = [f"Could not be corrected: {obstacle}" for obstacle in fixes.obstacles]
    if not fixes.diff:
        return "\n".join([*head, "Nothing to correct."])
    return "\n".join([*head, fixes.diff])


def inventory_text(inventory: Inventory) -> str:
    """One line a tool."""
    return "\n".join(map(_tool_line, inventory.tools))


def _tool_line(tool: InstalledTool) -> str:
    what = f"{tool.name} ({tool.purpose}; {', '.join(tool.languages)})"
    if not tool.installed:
        return f"{what}: cannot be used here. {tool.hint}"
    return f"{what}: {tool.version or 'version unknown'}, {tool.program}"


def _shortened(tool: ToolReport, limit: int) -> ToolReport:
    if len(tool.findings) <= limit:
        return tool
    order = sorted(
        range(len(tool.findings)), key=lambda at: SEVERITIES.index(tool.findings[at].severity)
    )
    kept = sorted(order[:limit])
    return tool.model_copy(update={"findings": tuple(tool.findings[at] for at in kept)})


def _bad(report: ScanReport, threshold: Severity) -> int:
    return sum(
        count
        for one in report.tools
        for severity, count in one.counts.items()
        if at_least(severity, threshold)
    )


def _reason(report: ScanReport, threshold: Severity) -> str:
    broken = [one.tool for one in report.tools if one.status in ("error", "absent")]
    bad, total = _bad(report, threshold), sum(one.total for one in report.tools)
    found = f"{_several(total, 'finding')} in {_several(report.files, 'file')}"
    said = f"{found}, {bad} of them {threshold} or worse."
    if broken:
        return f"FAILED: {', '.join(broken)} could not look. {said}"
    if _is_skipped(report):
        return f"Skipped: there is nothing for any tool in {_several(report.files, 'file')}."
    return f"{'FAILED' if bad else 'Passed'}: {said}"


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _tool_lines(told: Answer) -> Iterator[str]:
    for one in told.tools:
        if one.status != "skipped":
            counts = ", ".join(f"{count} {severity}" for severity, count in one.counts.items())
            what = f"{_TOLD[one.status]} {counts}".strip()
            end = "." if one.reason and one.status in _LOOKED else ""
            where = _several(one.files, "file")
            yield f"- {one.tool} on {where}: {what}{end} {one.reason}".rstrip()


def _ordered(told: Answer) -> list[Finding]:
    findings = [finding for one in told.tools for finding in one.findings]
    return sorted(
        findings, key=lambda one: (SEVERITIES.index(one.severity), one.file, one.line or 0)
    )


def _finding_line(one: Finding) -> str:
    place = ":".join(str(part) for part in (one.file, one.line, one.column) if part)
    fix = f" Fix: {' '.join(one.fix.split())}" if one.fix else ""
    message = " ".join(one.message.split())[:500]
    return f"{place or 'repository'}: {one.severity}: {message} [{one.tool} {one.rule}]{fix}"
