"""Reports of tools as a document in SARIF 2.1.0 (OASIS standard, 27 March 2020)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.findings import SEVERITIES, Finding, Severity, ToolReport
from gitops_auditor.formats.sarif_rules import Level

FINGERPRINT: Final = "gitopsAuditor/v1"
"""The key of our fingerprints among the partial ones of a result (3.27.17)."""

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT: Final = "%SRCROOT%"
"""The base that files are relative to: the top folder of the repository."""

LEVELS: Final[Mapping[Severity, Level]] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
}
SECURITY_SEVERITIES: Final[Mapping[Severity, str]] = {
    "critical": "9.5",
    "high": "8.0",
    "medium": "5.5",
    "low": "2.0",
}
"""The middle of the ranges of CVSS 3.1 (section 5); hosts of code show them by that property."""

Json = dict[str, JsonValue]


def write_sarif(
    reports: Sequence[ToolReport], *, commit: str = "", repository_uri: str = ""
) -> Json:
    """A document with one run a report, in their order; `json.dumps` takes it as it is.

    A tool that broke or is missing has an invocation that was not successful and says why; one that
    had no file to look at says so in a note. What SARIF has no place for stands in properties:
    `severity` and `fix` of a result; `status`, `files`, `seconds`, `counts` and `commit` of a run.
    """
    runs: list[JsonValue] = []
    for report in reports:
        run = _run(report)
        if commit:
            run["properties"] = {**_told(report), "commit": commit}
        if commit and repository_uri:
            provenance: Json = {"repositoryUri": repository_uri, "revisionId": commit}
            run["versionControlProvenance"] = [provenance]
        runs.append(run)
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _run(report: ToolReport) -> Json:
    rules = _by_rule(report.findings)
    driver: Json = {"name": report.tool}
    if report.version:
        driver["version"] = report.version
    driver["rules"] = [_rule(name, found) for name, found in rules.items()]
    places = {name: at for at, name in enumerate(rules)}
    base: Json = {"description": {"text": "The top folder of the repository."}}
    return {
        "tool": {"driver": driver},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {ROOT: base},
        "results": [_result(finding, places[finding.rule]) for finding in report.findings],
        "properties": _told(report),
    }


def _by_rule(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    rules: dict[str, list[Finding]] = {}
    for finding in findings:
        rules.setdefault(finding.rule, []).append(finding)
    return rules


def _rule(name: str, found: Sequence[Finding]) -> Json:
    """3.49. It is as bad as the worst of what was found by it."""
    worst = min((finding.severity for finding in found), key=SEVERITIES.index)
    rule: Json = {
        "id": name,
        "defaultConfiguration": {"level": LEVELS[worst]},
        "properties": {"security-severity": SECURITY_SEVERITIES[worst]},
    }
    fix = next((finding.fix for finding in found if finding.fix), "")
    if fix:
        rule["help"] = {"text": fix}
    return rule


def _invocation(report: ToolReport) -> Json:
    """3.20. What was found beyond the findings that are kept is told of, too."""
    notices: list[JsonValue] = []
    broke = report.status in ("error", "absent")
    if broke:
        notices.append(_notice("error", report.reason or f"The tool ended as {report.status}."))
    elif report.status == "skipped":
        notices.append(_notice("note", report.reason or "There was no file for the tool."))
    missing = report.total - len(report.findings)
    if missing > 0:
        notices.append(_notice("warning", f"{missing} more findings are not listed."))
    invocation: Json = {"executionSuccessful": not broke}
    if notices:
        invocation["toolExecutionNotifications"] = notices
    return invocation


def _notice(level: Level, message: str) -> Json:
    return {"level": level, "message": {"text": message}}


def _told(report: ToolReport) -> Json:
    return {
        "status": report.status,
        "files": report.files,
        "seconds": report.seconds,
        "counts": {str(severity): count for severity, count in report.counts.items()},
    }


def _result(finding: Finding, rule: int) -> Json:
    result: Json = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": finding.message or finding.rule},
        "properties": {"severity": finding.severity},
    }
    if finding.fix:
        result["properties"] = {"severity": finding.severity, "fix": finding.fix}
    if finding.file:
        result["locations"] = [{"physicalLocation": _place(finding)}]
    if finding.fingerprint:
        result["partialFingerprints"] = {FINGERPRINT: finding.fingerprint}
    return result


def _place(finding: Finding) -> Json:
    """3.29, 3.30. Columns and ends without a beginning have no place there."""
    artifact: Json = {"uri": quote(finding.file), "uriBaseId": ROOT}
    if finding.line is None:
        return {"artifactLocation": artifact}
    region: Json = {"startLine": finding.line}
    if finding.column is not None:
        region["startColumn"] = finding.column
    if finding.end_line is not None and finding.end_line >= finding.line:
        region["endLine"] = finding.end_line
    return {"artifactLocation": artifact, "region": region}
