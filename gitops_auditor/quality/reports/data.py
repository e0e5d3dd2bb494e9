"""What a report is made of, and what comes out."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from gitops_auditor.quality.results import QualityReport, Record
from gitops_auditor.quality.trend_models import QualitySummary, QualityTrends


class ReportData(Record):
    """What is told. `reports` are the latest ones, at most one for a repository and gate type.

    `left_out` is how many more there are. A part that was not asked for is None, or empty.
    """

    title: str = "Quality report"
    generated_at: datetime
    summary: QualitySummary | None = None
    trends: QualityTrends | None = None
    reports: list[QualityReport] = Field(default_factory=list)
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """A finished report: what it is, its bytes, and what to call its file."""

    media_type: str
    content: bytes
    file_name: str
