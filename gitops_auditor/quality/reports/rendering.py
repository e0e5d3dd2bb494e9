"""One way to every format of a report."""

from collections.abc import Callable
from importlib import import_module
from typing import Final

from gitops_auditor.quality.reports.data import RenderedReport, ReportData
from gitops_auditor.quality.trend_models import ReportFormat

MEDIA_TYPES: Final[dict[ReportFormat, str]] = {
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "sarif": "application/sarif+json",
    "junit": "application/xml",
    "annotations": "text/plain; charset=utf-8",
}
_ENDINGS: Final[dict[ReportFormat, str]] = {
    "json": "json",
    "md": "md",
    "html": "html",
    "pdf": "pdf",
    "sarif": "sarif",
    "junit": "xml",
    "annotations": "txt",
}

_MODULES: Final[dict[ReportFormat, str]] = {
    "json": "json",
    "md": "markdown",
    "html": "html",
    "pdf": "pdf",
    "sarif": "sarif",
    "junit": "junit",
    "annotations": "annotations",
}
"""Imported when they are asked for: each needs a library that the others do not."""


def render(data: ReportData, report_format: ReportFormat) -> RenderedReport:
    """The report in a format. It can take tenths of a second: call it in a thread.

    SARIF, JUnit and annotations tell of the latest reports only. The same data gives the same
    bytes.
    """
    content = _content(data, report_format)
    name = f"quality-report-{data.generated_at:%Y-%m-%d}.{_ENDINGS[report_format]}"
    encoded = content.encode("utf-8", "replace") if isinstance(content, str) else content
    return RenderedReport(MEDIA_TYPES[report_format], encoded, name)


def _content(data: ReportData, report_format: ReportFormat) -> str | bytes:
    name = f"as_{_MODULES[report_format]}"
    module = import_module(f"gitops_auditor.quality.reports.{name}")
    render_it: Callable[[ReportData], str | bytes] = getattr(module, name)
    return render_it(data)
