"""What callers are shown of pipelines and their runs."""

from datetime import datetime
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.states import JobStatus, RunStatus
from gitops_auditor.pipelines.trigger_models import EventType

PipelineStatus = Literal["active", "paused", "archived"]
FINISHED: Final = frozenset({"success", "failed", "cancelled"})
Figure = float | int | str | bool | None


class Record(BaseModel, defer_build=True):
    """A value that is shown, never changed."""

    model_config = ConfigDict(frozen=True)


class PipelineSummary(Record):
    """A pipeline in a list. `version` grows with every change and is what If-Match compares.

    `path` is the file of the repository that defines it, None when it is stored here. `revision`
    counts definitions, `last_run_number` runs.
    """

    id: str
    name: str
    description: str = ""
    repository_id: str
    status: PipelineStatus
    path: str | None = None
    definition_version: str
    revision: int
    version: int
    last_run_number: int
    created_at: datetime
    updated_at: datetime
    created_by: str | None = None


class StageOutline(Record):
    """A stage by name, with the names of its jobs."""

    name: str
    jobs: list[str]


class Pipeline(PipelineSummary):
    """A pipeline with its present definition; `source` is the text as it was written."""

    changes_within_version: ClassVar[bool] = True
    """Runs come and go while the pipeline stays at its version."""

    source: str
    stages: list[StageOutline]
    last_run: "RunSummary | None" = None


class RunSummary(Record):
    """A run in a list. Times are in UTC, `duration_seconds` counts from its start to its end."""

    id: str
    pipeline_id: str
    repository_id: str
    run_number: int
    status: RunStatus
    failure_kind: FailureKind | None = None
    reason: str = ""
    trigger_type: EventType | None = None
    ref: str = ""
    commit_sha: str | None = None
    created_at: datetime
    created_by: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_seconds: float | None = None

    @property
    def finished(self) -> bool:
        """Whether it is over."""
        return self.status in FINISHED


class JobRun(Record):
    """A job of a run: its last attempt, with the size of its log, and why it ended as it did.

    `tolerated` says of a job that failed that it was allowed to.
    """

    job: str
    stage: str
    kind: str
    status: JobStatus
    attempt: int
    failure_kind: FailureKind | None = None
    tolerated: bool = False
    reason: str = ""
    exit_code: int | None = None
    isolation: str | None = None
    log_bytes: int = 0
    outputs: dict[str, str] = Field(default_factory=dict)
    figures: dict[str, Figure] = Field(default_factory=dict)
    started_at: datetime | None = None
    completed_at: datetime | None = None


class StageRun(Record):
    """A stage of a run."""

    name: str
    status: JobStatus
    jobs: list[JobRun]


class ArtifactInfo(Record):
    """A file that a job kept: bytes and SHA-256."""

    job: str
    path: str
    size: int
    sha256: str
    expires_at: datetime | None = None


class Run(RunSummary):
    """A run with its jobs. `revision` is the definition it executes, whatever came after it."""

    pipeline_name: str
    revision: int
    inputs: dict[str, Written] = Field(default_factory=dict)
    isolation: str | None = None
    rerun_of: str | None = None
    cancel_requested: bool = False
    external_id: str | None = None
    stages: list[StageRun] = Field(default_factory=list)
    awaiting_approval: list[str] = Field(default_factory=list)
    artifacts: list[ArtifactInfo] = Field(default_factory=list)
    figures: dict[str, Figure] = Field(default_factory=dict)

    @property
    def jobs(self) -> list[JobRun]:
        """Its jobs, in order."""
        return [job for stage in self.stages for job in stage.jobs]


class RunProgress(RunSummary):
    """A run, and the jobs of it that call for something."""

    pipeline_name: str
    running_jobs: list[str]
    failed_jobs: list[str]
    awaiting_approval: list[str]


Pipeline.model_rebuild()
