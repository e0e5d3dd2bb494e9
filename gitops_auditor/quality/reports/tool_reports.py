"""What the tools of gates said, as the formats of tools tell it. Pure.

Formats for other tools know tools and findings, and no gates: a gate that is no tool stands for
one, so that a failed command or a missing report is told there too.
"""

from gitops_auditor.formats.findings import Finding, Severity, ToolReport, ToolStatus, counted
from gitops_auditor.quality.reports.issues import NOT_PASSED, remedy
from gitops_auditor.quality.results import GateResult, GateStatus

_STATUSES: dict[GateStatus, ToolStatus] = {
    "passed": "passed",
    "failed": "failed",
    "warning": "failed",
    "error": "error",
    "skipped": "skipped",
}


def tool_reports(result: GateResult) -> list[ToolReport]:
    """The reports of the tools of a gate, each finding with a remedy.

    A gate without tools, or one that did not pass though its tools found nothing and none of them
    broke, is a tool itself.
    """
    told = [_with_findings(result, one) for one in result.tools]
    known = {one.tool for one in told}
    strangers = [one for one in findings(result) if one.tool not in known]
    for tool in dict.fromkeys(one.tool for one in strangers):
        mine = tuple(one for one in strangers if one.tool == tool)
        status: ToolStatus = "failed" if result.status in NOT_PASSED else "passed"
        told.append(ToolReport(tool=tool, status=status, findings=mine, counts=counted(mine)))
    return told if _explains(result, told) else [*told, _itself(result)]


def findings(result: GateResult) -> list[Finding]:
    """The findings of a gate, each with what to do about it."""
    return [one.model_copy(update={"fix": remedy(result, one)}) for one in result.findings]


def own_finding(result: GateResult) -> Finding:
    """A gate's answer as a finding of its own: which gate, why, and what to do."""
    severity: Severity = "high" if result.required else "medium"
    return Finding(
        tool=result.gate,
        rule=result.gate,
        severity=severity,
        message=result.reason or f"The gate ended with {result.status}.",
        fix=remedy(result),
    )


def _with_findings(result: GateResult, report: ToolReport) -> ToolReport:
    mine = tuple(one for one in findings(result) if one.tool == report.tool)
    return report.model_copy(update={"findings": mine})


def _explains(result: GateResult, told: list[ToolReport]) -> bool:
    if result.status not in NOT_PASSED:
        return bool(told)
    if any(one.findings for one in told):
        return True
    return any(one.status in {"error", "absent"} for one in told)


def _itself(result: GateResult) -> ToolReport:
    found = (own_finding(result),) if result.status in {"failed", "warning"} else ()
    reason = f"{result.reason} {remedy(result)}" if result.status == "error" else result.reason
    return ToolReport(
        tool=result.gate,
        status=_STATUSES[result.status],
        reason=reason,
        findings=found,
        counts=counted(found),
        seconds=result.duration_seconds,
    )
