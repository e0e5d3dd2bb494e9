"""The latest reports as JUnit XML: a suite for each gate, a case for each failure."""

from collections.abc import Iterator

from gitops_auditor.formats.findings import Finding
from gitops_auditor.formats.junit import JunitCase, JunitSuite, Outcome
from gitops_auditor.formats.junit_writing import write_junit
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.issues import NOT_PASSED, place
from gitops_auditor.quality.reports.tool_reports import findings, own_finding
from gitops_auditor.quality.reports.wording import several
from gitops_auditor.quality.results import GateResult


def as_junit(data: ReportData) -> bytes:
    """The results of all gates; summary and trends have no place there.

    What did not pass and does not stop anything is skipped, with the reason: hosts fail a build for
    each failure that they read.
    """
    results = (result for report in data.reports for result in report.gates)
    return write_junit([_suite(result) for result in results])


def _suite(result: GateResult) -> JunitSuite:
    name = f"{result.repository_id} {result.gate_type}: {result.gate}"
    return JunitSuite(name, tuple(_cases(result)))


def _cases(result: GateResult) -> Iterator[JunitCase]:
    if result.status not in NOT_PASSED or not result.findings:
        yield _own(result)
        return
    found = findings(result)
    for finding in found:
        yield _case(result, finding)
    if (more := sum(result.counts.values()) - len(found)) > 0:
        told = f"{several(more, 'more finding')} not listed."
        yield JunitCase("more findings", result.gate, _outcome(result), told)


def _own(result: GateResult) -> JunitCase:
    outcome = _outcome(result)
    message = result.reason
    if result.status in NOT_PASSED:
        message = _message(result, own_finding(result))
    return JunitCase(result.gate, result.gate, outcome, message, seconds=result.duration_seconds)


def _case(result: GateResult, finding: Finding) -> JunitCase:
    where = place(finding)
    return JunitCase(
        name=f"{finding.rule} at {where}" if where else finding.rule,
        classname=f"{result.gate}.{finding.tool}",
        outcome=_outcome(result),
        message=_message(result, finding),
        file=finding.file,
        line=finding.line,
    )


def _message(result: GateResult, finding: Finding) -> str:
    said = f"{finding.severity} {finding.rule}: {finding.message} To do: {finding.fix}"
    if result.override is not None:
        return f"Let pass by {result.override.created_by}: {result.override.reason} {said}"
    return f"Not required. {said}" if result.status == "warning" else said


def _outcome(result: GateResult) -> Outcome:
    if result.override is not None or result.status in {"warning", "skipped"}:
        return "skipped"
    if result.status == "error":
        return "error"
    return "failed" if result.status == "failed" else "passed"
