"""Every failure of a report with its place, its rule, what is wrong and what to do. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from gitops_auditor.formats.findings import SEVERITIES, Finding
from gitops_auditor.quality.reports.document import Issue, Issues
from gitops_auditor.quality.reports.wording import STATUS_WORDS, legible
from gitops_auditor.quality.results import GateResult, GateStatus, QualityReport

NOT_PASSED: Final[frozenset[GateStatus]] = frozenset({"failed", "warning", "error"})


def broken(report: QualityReport) -> list[GateResult]:
    """The results that did not pass, also those that somebody let pass."""
    return [one for one in report.gates if one.status in NOT_PASSED]


def issues(report: QualityReport, most: int) -> Issues:
    """At most `most` failures: what stops it first, what was let pass last, each worst first."""
    found = sorted(_found(report), key=lambda one: one[0])
    known = sum(max(sum(one.counts.values()), len(one.findings), 1) for one in broken(report))
    shown = tuple(issue for _, issue in found[:most])
    return Issues(shown, more=known - len(shown))


def remedy(result: GateResult, finding: Finding | None = None) -> str:
    """What to do about a finding, or about the gate: never empty."""
    if finding is not None and finding.fix:
        return finding.fix
    if result.fix:
        return result.fix
    return f"Mend it, then run: gitops-auditor gates run --phase {result.gate_type}"


Order = tuple[bool, bool, int, str, int, str, str]


def _found(report: QualityReport) -> Iterator[tuple[Order, Issue]]:
    for result in broken(report):
        standing = result.override is not None, result.status == "warning"
        for finding in result.findings:
            rank = SEVERITIES.index(finding.severity)
            where = finding.file, finding.line or 0, finding.rule, finding.message
            yield (*standing, rank, *where), _of_finding(result, finding)
        if not result.findings:
            yield (*standing, -1, "", 0, result.gate, result.id), _of_gate(result)


def _of_finding(result: GateResult, finding: Finding) -> Issue:
    return Issue(
        place=place(finding) or legible(result.gate),
        rule=legible(f"{finding.tool}: {finding.rule}"),
        message=legible(finding.message),
        fix=legible(remedy(result, finding)),
        severity=finding.severity.capitalize(),
        tone=finding.severity,
        gate=legible(result.gate),
    )


def _of_gate(result: GateResult) -> Issue:
    return Issue(
        place="whole repository",
        rule=legible(result.gate),
        message=legible(result.reason or f"The gate ended with {result.status}."),
        fix=legible(remedy(result)),
        severity="Let pass" if result.override else STATUS_WORDS[result.status],
        tone="skipped" if result.override else result.status,
        gate=legible(result.gate),
    )


def place(finding: Finding) -> str:
    """The file with line and column as editors and terminals open it; empty without a file."""
    numbers: Iterable[int | None] = (finding.line, finding.column if finding.line else None)
    parts = (legible(finding.file), *(str(number) for number in numbers if number))
    return ":".join(parts) if finding.file else ""
