"""What checks need of the rest of the platform, in their words; who opens them hands it over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.gate import Gate


@dataclass(frozen=True, slots=True)
class MeasuredCoverage:
    """The coverage that a job measured at a commit; `source` says where, as people say it."""

    covered: int
    total: int
    source: str


class CoverageSource(Protocol):
    """Knows what pipelines measured."""

    async def measured(self, repository_id: str, commit: str) -> MeasuredCoverage | None:
        """The latest of that commit, None when nothing measured it."""


class ChangedLines(Protocol):
    """Compares commits."""

    async def changed_lines(
        self, repository_id: str, base: str, commit: str
    ) -> Mapping[str, Collection[int]]:
        """The lines (from 1) of each file that `commit` added or changed since `base`."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Figures to compare with; `label` says what they are of, as people say it."""

    label: str
    commit: str
    metrics: Mapping[str, float]


class Baselines(Protocol):
    """Keeps the figures of earlier commits."""

    async def find(self, repository_id: str, baseline: str, commit: str) -> Baseline | None:
        """The figures of that baseline, such as `previous_release`, for this commit."""


PipelineStatus = Literal["success", "failed", "cancelled", "timeout", "errored", "missing"]
"""`missing`: there is no such pipeline."""


@dataclass(frozen=True, slots=True)
class PipelineOutcome:
    """How a run ended. `reason` is a sentence for each status but success."""

    run_id: str
    status: PipelineStatus
    reason: str = ""


class PipelineRunner(Protocol):
    """Runs pipelines and waits for their end."""

    async def run(
        self, repository_id: str, pipeline: str, commit: str, seconds: float, actor: str
    ) -> PipelineOutcome:
        """The end of a run of the pipeline at that commit; one that is not waited for any longer
        is cancelled.
        """


class Linter(Protocol):
    """Looks with linters, of the platform or of a server that is connected."""

    async def lint(self, gate: Gate, subject: Subject, seconds: float) -> ScanReport:
        """What the gate's linters say of the subject's files, None meaning all.

        Raises a GitOpsError when they cannot be asked.
        """

    async def identity(self, gate: Gate) -> str | None:
        """The programs that the answer depends on, None where more than they decide."""


class Scanner(Protocol):
    """Looks for faults, secrets and vulnerable dependencies."""

    async def scan(self, gate: Gate, subject: Subject, seconds: float) -> ScanReport:
        """What the scanners say of the subject's files, None meaning all.

        Raises a GitOpsError when they cannot be asked.
        """

    async def identity(self, gate: Gate) -> str | None:
        """The programs that the answer depends on, None where more than they decide."""
