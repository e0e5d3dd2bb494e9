"""What a run engine is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from gitops_auditor.pipelines.engine.ports import FaultPoint, LogStore, Workspaces, no_fault
from gitops_auditor.pipelines.engine.slots import Slots
from gitops_auditor.pipelines.handlers import JobHandler
from gitops_auditor.pipelines.models import JobKind
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.work import Process


@dataclass(frozen=True, slots=True)
class EngineParts:
    """Everything that the runs of one process share.

    `longest_seconds` is the time of any run, `grace_seconds` what a handler needs at most beyond
    its time-out or after it was told to end. The folders of a failed
    run stay for `failed_kept`, so that a repetition of what failed can go on in them.
    """

    journal: Journal
    process: Process
    handlers: Mapping[JobKind, JobHandler]
    workspaces: Workspaces
    logs: LogStore
    slots: Slots
    longest_seconds: float
    grace_seconds: float
    failed_kept: timedelta = timedelta(0)
    fault: FaultPoint = no_fault
