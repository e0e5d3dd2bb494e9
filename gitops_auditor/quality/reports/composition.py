"""The document of a report: which sections it has, in which order. Pure."""

from gitops_auditor import __version__
from gitops_auditor.quality.reports.data import ReportData
from gitops_auditor.quality.reports.document import Document, Section
from gitops_auditor.quality.reports.latest import latest
from gitops_auditor.quality.reports.overview import attention, figures, lead
from gitops_auditor.quality.reports.trend_sections import charts, repositories
from gitops_auditor.quality.reports.wording import day, legible, moment, several


def document(data: ReportData) -> Document:
    """The report as people read it: figures first, then trends, then each repository."""
    sections: list[Section] = []
    if data.summary is not None:
        sections += figures(data.summary)
    if data.trends is not None:
        sections += charts(data.trends)
    if data.summary is not None:
        sections += attention(data.summary)
    if data.trends is not None:
        sections += repositories(data.trends)
    if data.reports:
        sections += latest(data.reports, data.left_out)
    return Document(legible(data.title), _lead(data), tuple(_facts(data)), tuple(sections))


def _lead(data: ReportData) -> str:
    if data.summary is not None:
        return lead(data.summary)
    if not data.reports:
        return "Nothing has been validated yet."
    refused = sum(not report.passed for report in data.reports)
    asked = several(len(data.reports), "validation")
    return f"{asked}: " + (f"{refused} may not go on." if refused else "all may go on.")


def _facts(data: ReportData) -> list[tuple[str, str]]:
    facts = []
    if data.summary is not None:
        period = f"{moment(data.summary.since)} to {moment(data.summary.until)}"
        facts.append(("Period", period))
    elif data.trends is not None:
        facts.append(("Period", f"{day(data.trends.first)} to {day(data.trends.last)}"))
    facts.append(("Made", moment(data.generated_at)))
    facts.append(("By", f"GitOps Auditor {__version__}"))
    return facts
