"""Reads the report of the older audit scripts, GitRepoReport.json.

Its form: `{timestamp, health_status, summary: {total, missing, extra, dirty, clean}, repos: [{name,
status, clone_url, dashboard_link}]}`. Other fields are ignored.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.repositories.models import ReportSummary

MOST_ROWS = 10_000


class ReportRow(BaseModel):
    """One repository as the report has it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(min_length=1, max_length=500)
    status: str = Field("", max_length=100)
    clone_url: str | None = Field(None, max_length=2048)
    dashboard_link: str | None = Field(None, max_length=2048)


class AuditReport(BaseModel):
    """The report. A timestamp without zone is taken as UTC."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    timestamp: datetime
    health_status: str = Field("", max_length=100)
    summary: ReportSummary = ReportSummary()
    repos: list[ReportRow] = Field(max_length=MOST_ROWS)

    @field_validator("timestamp")
    @classmethod
    def _with_zone(cls, timestamp: datetime) -> datetime:
        return timestamp if timestamp.tzinfo is not None else timestamp.replace(tzinfo=UTC)


def parse_report(report: Mapping[str, object]) -> AuditReport:
    """The report in types. Raises InvalidRequest that names the first field which is not right."""
    try:
        return AuditReport.model_validate(report)
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise InvalidRequest(
            f"The audit report is not understood at {place}: {problem['msg']}.",
            hint="Give what GitRepoReport.json holds: timestamp, health_status, summary, repos.",
        ) from None
