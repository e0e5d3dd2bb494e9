"""The latest reports as annotations of GitHub: what did not pass, and was not let pass."""

from gitops_auditor.formats.annotations import annotations
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.issues import broken
from gitops_auditor.quality.reports.tool_reports import tool_reports


def as_annotations(data: ReportData) -> str:
    """One workflow command a line, empty when everything passed; to be printed by a step."""
    results = (result for report in data.reports for result in broken(report))
    told = [one for result in results if result.override is None for one in tool_reports(result)]
    return "".join(f"{line}\n" for line in annotations(told))
