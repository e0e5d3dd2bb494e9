"""The report that a command wrote: only one that it wrote just now, and that says it looked."""

from pathlib import Path
from typing import Final, NamedTuple

from gitops_auditor.errors import GitOpsError
from gitops_auditor.execution.collecting import read_left
from gitops_auditor.formats.findings import Finding, Severity
from gitops_auditor.formats.junit import UnreadableJunit, read_junit
from gitops_auditor.formats.sarif import SarifResult, SarifRun, UnreadableSarif, read_sarif
from gitops_auditor.quality.checks.printed_findings import inside

MAX_BYTES: Final = 64_000_000
_LEVELS: Final[dict[str, Severity]] = {"error": "high", "warning": "medium"}
_SCORES: Final[tuple[tuple[float, Severity], ...]] = (
    (9.0, "critical"),
    (7.0, "high"),
    (4.0, "medium"),
)
"""The ratings of CVSS 3.1 (section 5), which `security-severity` follows."""


class Stamp(NamedTuple):
    """What changes when a file is written; all zero for none."""

    inode: int = 0
    size: int = 0
    modified_ns: int = 0
    changed_ns: int = 0


class ReportError(ValueError):
    """The report does not say what was found; the message is a sentence."""


class Reported(NamedTuple):
    """What a report says. `counted` says of how much, as people say it."""

    findings: list[Finding]
    counted: str


def stamp(root: Path, path: str) -> Stamp:
    """What the file is now; it blocks."""
    try:
        status = (root / path).stat(follow_symlinks=False)
    except OSError:
        return Stamp()
    return Stamp(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def read_new(root: Path, path: str, before: Stamp) -> bytes:
    """The content of a file that was written since `before`; it blocks. Raises ReportError."""
    if stamp(root, path) == before:
        state = "older than the command" if before != Stamp() else "missing"
        raise ReportError(f"The report {path} is {state}: the command did not write it.")
    try:
        content = read_left(root, path, max_bytes=MAX_BYTES)
    except GitOpsError as error:
        raise ReportError(str(error)) from error
    if not content.strip():
        raise ReportError(f"The report {path} is empty.")
    return content


def sarif_findings(content: bytes, root: Path, asked: frozenset[str] | None) -> Reported:
    """The findings of a SARIF report; it blocks.

    Raises ReportError for one that is not readable, of a run that was not successful, or that names
    files that are not in the root, or not among those that were `asked` for.
    """
    try:
        runs = read_sarif(content, root=root)
    except UnreadableSarif as error:
        raise ReportError(f"The SARIF report cannot be read: {error}") from error
    findings: list[Finding] = []
    for run in runs:
        if not run.successful:
            reason = "; ".join(run.failures)[:500]
            raise ReportError(f"{run.tool} reports that its run was not successful: {reason}")
        findings += [_finding(run, result, root, asked) for result in run.results]
    return Reported(findings, f"{len(findings)} findings")


def _finding(
    run: SarifRun, result: SarifResult, root: Path, asked: frozenset[str] | None
) -> Finding:
    if result.file and not inside(result.file, root):
        raise ReportError(f"{run.tool} reports on {result.file}, which the repository lacks.")
    if result.file and asked is not None and result.file not in asked:
        raise ReportError(f"{run.tool} reports on {result.file}, which it was not asked about.")
    rule = run.rules.get(result.rule)
    return Finding(
        tool=run.tool,
        rule=result.rule,
        severity=_severity(result.level, rule.security_severity if rule else None),
        message=result.message,
        file=result.file,
        line=result.line,
        column=result.column,
        end_line=result.end_line,
        fix=rule.help if rule else "",
    )


def junit_findings(content: bytes, root: Path) -> Reported:
    """The tests of a JUnit report that did not pass; it blocks.

    Raises ReportError for one that is not readable, and when no test ran.
    """
    try:
        report = read_junit(content)
    except UnreadableJunit as error:
        raise ReportError(f"The JUnit report cannot be read: {error}") from error
    if report.tests <= report.skipped:
        raise ReportError(f"No test ran: the report has {report.tests} tests, all of them skipped.")
    findings = [
        Finding(
            tool="tests",
            rule="::".join(filter(None, (case.classname, case.name))) or "test",
            severity="high",
            message=case.message or "The test did not pass.",
            file=inside(case.file, root) if case.file else "",
            line=case.line if case.file and inside(case.file, root) else None,
        )
        for case in report.cases
    ]
    return Reported(findings, f"{report.tests} tests, {report.skipped} of them skipped")


def _severity(level: str, score: float | None) -> Severity:
    if score is not None:
        return next((severity for least, severity in _SCORES if score >= least), "low")
    return _LEVELS.get(level, "low")
