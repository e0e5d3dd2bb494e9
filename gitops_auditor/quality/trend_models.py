"""How validations went over time: the rows that are counted, and the summary and trends they give.

Pure. Days are those of UTC, so that no clock change makes one longer than another.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from gitops_auditor.formats.findings import Severity
from gitops_auditor.formats.written import Part
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import GateStatus, Record

LONGEST_PERIOD: Final = 3_650
REPORT_FORMATS: Final = ("json", "md", "html", "pdf", "sarif", "junit", "annotations")
ReportFormat = Literal["json", "md", "html", "pdf", "sarif", "junit", "annotations"]


@dataclass(frozen=True, slots=True)
class ValidationRow:
    """One validation. `executed_at` is aware of its time zone; `score` is from 0 to 100 or None."""

    id: str
    repository_id: str
    status: GateStatus
    score: float | None
    duration_seconds: float
    executed_at: datetime


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One result of one gate. `executed_at` is aware of its time zone.

    A `cached` result was reused: what it took says nothing of the gate. An `overridden` one did not
    pass, and somebody let it.
    """

    validation_id: str
    repository_id: str
    gate_id: str
    gate: str
    gate_type: GateType
    status: GateStatus
    duration_seconds: float
    executed_at: datetime
    counts: Mapping[Severity, int] = field(default_factory=dict)
    overridden: bool = False
    cached: bool = False


@dataclass(frozen=True, slots=True)
class FindingCount:
    """How often one rule of one tool was broken, in one repository or in many."""

    tool: str
    rule: str
    severity: Severity
    count: int


class VerdictCounts(Record):
    """Validations by verdict; `validations` is their sum.

    `warning`: only what is not required did not pass.
    """

    validations: int = 0
    passed: int = 0
    warning: int = 0
    failed: int = 0
    error: int = 0
    skipped: int = 0

    @property
    def pass_rate(self) -> float | None:
        """Percent of the validations that looked and let the commit go on; None when none did."""
        looked = self.validations - self.skipped
        return 100 * (self.passed + self.warning) / looked if looked else None


class RepositorySummary(VerdictCounts):
    """One repository in the period. `score` is the mean over its validations."""

    repository_id: str
    score: float | None
    last_status: GateStatus
    last_at: datetime


class RuleSummary(Record):
    """A rule, and how often it was broken."""

    tool: str
    rule: str
    severity: Severity
    count: int


class GateSummary(Record):
    """One gate over all repositories. Seconds are of the runs that were not reused from the cache.

    They are None when there was no such run. `overridden` counts results that were let pass.
    `repository_id` is empty for a gate that more than one repository was asked about.
    """

    gate_id: str
    repository_id: str
    gate: str
    gate_type: GateType
    results: int
    failed: int
    errors: int
    overridden: int
    seconds_median: float | None
    seconds_p95: float | None


class QualitySummary(VerdictCounts):
    """What a period amounts to. `since` is part of it, `until` is not.

    `score` is the mean score of the validations, `score_before` that of the period of the same
    length before it; None where nothing had a score. `pass_percent` leaves out what was skipped.
    Lists are worst first; `worst_repositories` has none that only passed.
    """

    since: datetime
    until: datetime
    repositories: int
    pass_percent: float | None
    score: float | None
    score_before: float | None
    worst_repositories: list[RepositorySummary]
    failing_rules: list[RuleSummary]
    slowest_gates: list[GateSummary]
    erring_gates: list[GateSummary]
    overrides: int


class TrendDay(VerdictCounts):
    """One day of UTC. `score` is the mean score of its validations, None when none had one.

    The seconds are those of validations that looked, None without any. `findings` are those of
    the last result of each gate of each repository until the end of the day, since the first one.
    """

    day: date
    score: float | None = None
    findings: dict[Severity, int] = Field(default_factory=dict)
    seconds_median: float | None = None
    seconds_p95: float | None = None


class RepositoryTrend(Record):
    """The days of one repository, as many as those of the whole."""

    repository_id: str
    days: list[TrendDay]


class QualityTrends(Record):
    """One entry a day from `first` to `last`, also for days on which nothing happened."""

    first: date
    last: date
    days: list[TrendDay]
    repositories: list[RepositoryTrend] = Field(default_factory=list)


class ReportRequest(Part):
    """Which report is wanted. No repositories means all of them; no gate type means every one."""

    format: ReportFormat = Field("html", description="Kind of file.")
    days: int = Field(30, ge=1, le=LONGEST_PERIOD, description="Days that it covers, until now.")
    repositories: tuple[Annotated[str, StringConstraints(min_length=1, max_length=610)], ...] = (
        Field((), max_length=1_000, description="Ids of repositories; none for all.")
    )
    gate_type: GateType | None = Field(None, description="Only this kind of validation.")
