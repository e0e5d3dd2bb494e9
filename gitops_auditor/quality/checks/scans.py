"""Gates of the kinds `mcp` and `scan`: what linters and scanners report, judged once more.

A report is believed only as far as it agrees with itself and with what was asked: it may come from
a server of others.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from typing_extensions import override

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.findings import (
    MOST_FINDINGS,
    SEVERITIES,
    Finding,
    ScanReport,
    Severity,
    ToolReport,
    at_least,
    counted,
)
from gitops_auditor.linters.judging import ALL_LEFT_OUT, NO_FILE
from gitops_auditor.linters.selection import chosen_files
from gitops_auditor.quality.checks.ports import Linter, Scanner
from gitops_auditor.quality.evidence import Check, Evidence, Subject
from gitops_auditor.quality.gate import Gate

SECRETS: Final = frozenset({"gitleaks", "detect-secrets"})
"""Either is enough where the other one is not installed."""
DEPENDENCIES: Final = frozenset({"pip-audit", "npm-audit", "advisories"})
"""They look at the whole repository, whichever files were asked for."""
_ABSENT: Final = ("absent",)
_KINDS: Final = 4
"""Kinds of files that a reason names."""
_LOOKED: Final = ("passed", "failed")


class Asked(NamedTuple):
    """What was asked for: `files` that findings may be about, and how many of them there can be.

    `is_whole` says that it was the whole repository.
    """

    files: Collection[str]
    counts: Collection[int]
    is_whole: bool


Ask = Callable[[Gate, Subject, float], Awaitable[ScanReport]]
Counts = Mapping[Severity, int]


@dataclass(frozen=True, slots=True)
class LintCheck(Check):
    """Asks linters."""

    linter: Linter

    @override
    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        return await _judged(self.linter.lint, gate, subject, seconds)

    @override
    async def identity(self, gate: Gate) -> str | None:
        return await self.linter.identity(gate)


@dataclass(frozen=True, slots=True)
class ScanCheck(Check):
    """Asks scanners."""

    scanner: Scanner

    @override
    async def look(self, gate: Gate, subject: Subject, seconds: float) -> Evidence:
        return await _judged(self.scanner.scan, gate, subject, seconds)

    @override
    async def identity(self, gate: Gate) -> str | None:
        return await self.scanner.identity(gate)


async def _judged(ask: Ask, gate: Gate, subject: Subject, seconds: float) -> Evidence:
    before = await concerned(gate, subject)
    report = await ask(gate, subject, seconds)
    return judge(report, gate, asked(subject, before, await concerned(gate, subject)))


async def concerned(gate: Gate, subject: Subject) -> list[str]:
    """The files of the subject that the gate is about. Raises as `chosen_files` does."""
    files = await chosen_files(subject.root, subject.files)
    return [file for file in files if gate.concerns(file)]


def asked(subject: Subject, before: Sequence[str], after: Sequence[str]) -> Asked:
    """What was asked for; other gates may write files of the checkout at the same time."""
    least, most = sorted((len(before), len(after)))
    return Asked({*before, *after}, range(least, most + 1), subject.files is None)


def judge(report: ScanReport, gate: Gate, wanted: Asked) -> Evidence:
    """The verdict on what was asked, whatever the report says of itself."""
    unfit = _unfit(report, wanted)
    if unfit:
        return _evidence(gate, report, Evidence("error", f"The report is not right: {unfit}"))
    is_cut = len(report.findings) >= MOST_FINDINGS
    lies = (_contradiction(one, wanted, is_cut=is_cut) for one in report.tools)
    lie = next(filter(None, lies), "")
    broken = [one for one in report.tools if _is_missed(one, gate, report)]
    unasked = sorted(set(gate.required_tools) - {one.tool for one in report.tools})
    bad = _bad(report, gate)
    if lie and not bad:
        return _evidence(gate, report, Evidence("error", f"The report is not right: {lie}"))
    if unasked:
        reason = f"{', '.join(unasked)} did not look, and the gate requires it."
        return _evidence(gate, report, Evidence("error", reason))
    if broken:
        return _evidence(gate, report, _not_looked(broken, bad))
    if bad:
        findings = "1 finding is" if bad == 1 else f"{bad} findings are"
        reason = f"{findings} {gate.threshold} or worse."
        return _evidence(gate, report, Evidence("failed", reason))
    return _evidence(gate, report, _without_findings(report, gate, wanted))


def _without_findings(report: ScanReport, gate: Gate, wanted: Asked) -> Evidence:
    looked = [one for one in report.tools if one.status in _LOOKED]
    if looked:
        below = sum(one.total for one in looked)
        said = f", {below} below the threshold found" if below else ""
        left = [f"{one.tool}: {one.reason}" for one in report.tools if _has_left_out(one)]
        also = f" Not looked: {'; '.join(left)}" if left else ""
        names = ", ".join(one.tool for one in looked)
        return Evidence("passed", f"Looked at by {names}{said}.{also}")
    if not wanted.is_whole:
        return Evidence("skipped", "No tool is for any of the changed files.")
    if _concerns_nothing(report, gate):
        return Evidence("skipped", f"No tool is for any file of the repository{_kinds(report)}.")
    fix = "Let the gate's `files` or `tools`, or what the tools are configured to leave out, fit."
    return Evidence("error", "Nothing was looked at, though there are files to look at.", fix=fix)


def _concerns_nothing(report: ScanReport, gate: Gate) -> bool:
    """Whether there is no file for any tool, and nobody says that there has to be one."""
    names_something = gate.files or gate.tools or gate.required_tools
    if names_something:
        return False
    if all(one.tool in DEPENDENCIES for one in report.tools):  # they do not tell of other files
        return any(one.reason == NO_FILE for one in report.tools)
    return sum(report.unchecked.values()) == report.files


def _kinds(report: ScanReport) -> str:
    most = sorted(report.unchecked.items(), key=lambda kind: (-kind[1], kind[0]))[:_KINDS]
    return f" ({', '.join(f'{count} {kind}' for kind, count in most)})" if most else ""


def _has_left_out(one: ToolReport) -> bool:
    return _has_failed(one) or one.reason == ALL_LEFT_OUT


def _not_looked(broken: list[ToolReport], bad: int) -> Evidence:
    said = [f"{one.tool}: {one.reason or one.status}" for one in broken]
    found = f" Others found {bad} that count." if bad else ""
    fix = "Install what is missing, or leave it out with `tools`." if _any_absent(broken) else ""
    return Evidence("error", f"Not all was looked at. {' '.join(said)}{found}", fix=fix)


def _any_absent(tools: list[ToolReport]) -> bool:
    return any(one.status in _ABSENT for one in tools)


def _has_failed(one: ToolReport) -> bool:
    return one.status in ("error", "absent")


def _is_missed(one: ToolReport, gate: Gate, report: ScanReport) -> bool:
    """Whether the tool was needed and did not look."""
    if not _has_failed(one):
        return False
    if gate.required_tools:
        return one.tool in gate.required_tools
    replaced = one.status in _ABSENT and one.tool in SECRETS
    return not (replaced and any(_stands_in(other, one) for other in report.tools))


def _stands_in(other: ToolReport, missing: ToolReport) -> bool:
    is_other = other.tool in SECRETS and other.tool != missing.tool
    return is_other and other.status in _LOOKED and other.files >= missing.files


def _bad(report: ScanReport, gate: Gate) -> int:
    """How many findings are as bad as the threshold, by what is counted or what is shown."""
    worst = [severity for severity in SEVERITIES if at_least(severity, gate.threshold)]
    total = 0
    for one in report.tools:
        shown = counted(one.findings)
        total += sum(max(one.counts.get(it, 0), shown.get(it, 0)) for it in worst)
    return total


def _unfit(report: ScanReport, wanted: Asked) -> str:
    """What is wrong with the report as a whole, as a sentence."""
    if report.files not in wanted.counts:
        expected = min(wanted.counts, default=0)
        return f"it is of {report.files} files, and {expected} were asked for."
    left = report.unchecked.values()
    if any(count < 0 for count in left) or sum(left) > report.files:
        return "it says of more files than there are that no tool is for them."
    if not report.tools and (wanted.is_whole or wanted.files):
        return "it has no tool that looked."
    return ""


def _contradiction(one: ToolReport, wanted: Asked, *, is_cut: bool) -> str:
    """What is wrong with the report of one tool, as a sentence.

    `is_cut` says that not all findings may be kept, but all are counted.
    """
    shown = counted(one.findings)
    counts = {severity: count for severity, count in one.counts.items() if count}
    most = max(wanted.counts, default=0)
    if one.files < 0 or (one.files > most and one.tool not in DEPENDENCIES):
        return f"{one.tool} speaks of {one.files} files, of {most} that were asked for."
    if one.status in _LOOKED and one.files == 0:
        return f"{one.tool} says {one.status}, but looked at no file."
    if any(count < 0 for count in counts.values()) or not _agree(counts, shown, is_cut=is_cut):
        return f"{one.tool} counts other findings than it shows."
    if (one.status == "failed") != bool(counts) and one.status != "error":
        return f"{one.tool} says {one.status}, with {sum(counts.values())} findings."
    return next(filter(None, (_misplaced(finding, one, wanted) for finding in one.findings)), "")


def _agree(counts: Counts, shown: Counts, *, is_cut: bool) -> bool:
    if is_cut:
        return all(counts.get(severity, 0) >= count for severity, count in shown.items())
    return counts == shown


def _misplaced(finding: Finding, one: ToolReport, wanted: Asked) -> str:
    file = finding.file
    if not file or file in wanted.files:
        return ""
    parts = file.split("/")
    if one.tool in DEPENDENCIES and parts[0] and not {"..", "."} & set(parts):
        return ""
    return f"{one.tool} reports on {file[:200]}, which it was not asked about."


def _evidence(gate: Gate, report: ScanReport, said: Evidence) -> Evidence:
    ranked = sorted(report.findings, key=lambda one: SEVERITIES.index(one.severity))
    unchecked: dict[str, JsonValue] = dict(report.unchecked)
    return Evidence(
        said.verdict,
        said.reason,
        tuple(ranked),
        report.tools,
        {"files": report.files, "unchecked": unchecked},
        said.fix or gate.fix,
    )
