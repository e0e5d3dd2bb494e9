"""Reports of quality: metrics, summary, trends, files to hand out."""

import base64
from typing import Literal

from pydantic import Field

from gitops_auditor.operations import Context, Params
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import Record
from gitops_auditor.quality.trend_models import QualitySummary, QualityTrends, ReportRequest
from gitops_auditor.repositories.models import ID_PATTERN
from gitops_auditor.tools.quality import toolset


class Period(Params):
    """Which days and repositories are told of."""

    days: int = Field(30, ge=1, le=3_650, description="Days until now; not more than are kept.")
    repository_id: str | None = Field(None, pattern=ID_PATTERN, description="Only this repository.")
    gate_type: GateType | None = Field(None, description="Only gates of this type.")

    @property
    def repositories(self) -> tuple[str, ...]:
        """The repositories to tell of, none for all."""
        return () if self.repository_id is None else (self.repository_id,)


class TrendRequest(Period):
    """Which trends, and whether each repository has its own."""

    by_repository: bool = Field(False, description="Add the days of each repository.")


class WantedReport(Params, ReportRequest):
    """A report to be made."""


class QualityReportFile(Record):
    """A finished report; `content` is text, or Base64 (RFC 4648) for PDF."""

    media_type: str
    file_name: str
    encoding: Literal["utf-8", "base64"]
    content: str


@toolset.operation("GET /api/quality/metrics", surface="rest")
async def get_quality_metrics(ctx: Context, params: Period) -> QualitySummary:
    """Get the figures of validations: passed, failed, score, rules broken most, slowest gates."""
    return await ctx.services.quality.reporting.summary(
        params.days, params.repositories, params.gate_type
    )


@toolset.operation("GET /api/quality/reports/summary", surface="toolset")
async def get_quality_summary(ctx: Context, params: Period) -> QualitySummary:
    """Get what the last days amount to, and how that compares with as many days before."""
    return await ctx.services.quality.reporting.summary(
        params.days, params.repositories, params.gate_type
    )


@toolset.operation("GET /api/quality/reports/trends", surface="toolset")
async def get_quality_trends(ctx: Context, params: TrendRequest) -> QualityTrends:
    """Get score, verdicts and findings of each of the last days."""
    return await ctx.services.quality.reporting.trends(
        params.days,
        params.repositories,
        params.gate_type,
        by_repository=params.by_repository,
    )


@toolset.operation("POST /api/quality/reports/generate", surface="toolset")
async def generate_quality_report(ctx: Context, params: WantedReport) -> QualityReportFile:
    """Make a report as JSON, Markdown, HTML, PDF, SARIF, JUnit or GitHub annotations."""
    made = await ctx.services.quality.reporting.generate(params)
    is_text = made.media_type != "application/pdf"
    content = made.content.decode() if is_text else base64.b64encode(made.content).decode()
    return QualityReportFile(
        media_type=made.media_type,
        file_name=made.file_name,
        encoding="utf-8" if is_text else "base64",
        content=content,
    )
