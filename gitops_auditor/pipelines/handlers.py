"""What carries out one attempt of a job: one handler for each kind, found in a map."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.ordering import JobSpec, StageSpec
from gitops_auditor.pipelines.trigger_models import Event


class AttemptLog(Protocol):
    """Takes the output of one attempt as it comes."""

    def write(self, data: bytes) -> None:
        """Keep the bytes; never blocks, and never raises for a full disk: `close` does."""

    async def close(self) -> int:
        """Everything is kept; returns the size in bytes. Raises Unavailable when it is not."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of one run. Jobs may write all of them.

    `checkout` holds the repository at `commit`, `home` is HOME and TMPDIR of its jobs. `tree` is
    the id of the commit's tree, empty in folders that an older version made.
    """

    checkout: Path
    home: Path
    commit: str
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One start of a job. It stands in the journal before anything of it happens.

    `timeout` is what is left for it, in seconds. `outputs` are those of the jobs that succeeded so
    far, by the id of the job. Processes of the attempt carry `cookie` in their environment.
    """

    run_id: str
    run_number: int
    pipeline_id: str
    repository_id: str
    number: int
    job: JobSpec
    stage: StageSpec
    definition: PipelineDefinition
    event: Event
    inputs: Mapping[str, Written]
    outputs: Mapping[str, Mapping[str, str]]
    workspace: Workspace
    cookie: str
    timeout: float
    log: AttemptLog


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; without `failure` it succeeded. `metrics` are figures to be shown."""

    failure: FailureKind | None = None
    reason: str = ""
    exit_code: int | None = None
    isolation: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, JsonValue] = field(default_factory=dict)


class JobHandler(Protocol):
    """Carries out attempts of one kind of job."""

    async def run(self, attempt: Attempt) -> Outcome:
        """Do it, within `attempt.timeout`.

        When it is cancelled it ends everything that it started before it passes that on. What it
        raises counts as errored: a GitOpsError with its own sentence.
        """
