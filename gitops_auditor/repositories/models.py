"""What the platform knows of a repository, and what a look through a folder or a report found."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

ID_PATTERN = r"^[A-Za-z0-9_.][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_.][A-Za-z0-9._-]{0,99}){0,5}$"
"""An id: names joined by slashes. `.` and `..` match but are refused where ids are made."""


class Repository(BaseModel, defer_build=True):
    """A registered repository. `version` grows with every change and is what If-Match compares.

    `path` is the folder that is read: a checkout, or the platform's own mirror of `clone_url`. URLs
    hold no credentials.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    path: str | None = None
    clone_url: str | None = None
    origin_url: str | None = None
    default_branch: str | None = None
    head_sha: str | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime
    last_scanned_at: datetime | None = None


class RepositoryChanges(BaseModel, defer_build=True):
    """The fields of a repository that a caller may change; those left out stay as they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    default_branch: str | None = None


class Skipped(BaseModel, defer_build=True):
    """Something that was left out, and why."""

    model_config = ConfigDict(frozen=True)

    path: str
    reason: str


class DiscoveryReport(BaseModel, defer_build=True):
    """What a look through a workspace folder changed. Each list holds ids, sorted."""

    model_config = ConfigDict(frozen=True)

    workspace: str
    registered: list[str]
    updated: list[str]
    """Known repositories whose HEAD, origin or default branch had changed."""
    unchanged: list[str]
    missing: list[str]
    """Registered under this workspace, but no longer there; they stay registered."""
    skipped: list[Skipped]
    complete: bool
    """False when a limit ended the look before every folder was seen."""


class ReportedRepository(BaseModel, defer_build=True):
    """One row of an audit report: `status` is the report's own word, such as clean or dirty."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    status: str
    clone_url: str | None
    dashboard_link: str | None


class ReportSummary(BaseModel, defer_build=True):
    """The totals that an audit report states of itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    total: int = Field(0, ge=0)
    missing: int = Field(0, ge=0)
    extra: int = Field(0, ge=0)
    dirty: int = Field(0, ge=0)
    clean: int = Field(0, ge=0)


class ReportImport(BaseModel, defer_build=True):
    """What the import of an audit report (GitRepoReport.json) did."""

    model_config = ConfigDict(frozen=True)

    timestamp: datetime
    health_status: str
    summary: ReportSummary
    registered: list[str]
    unchanged: list[str]
    skipped: list[Skipped]
    repositories: list[ReportedRepository]
