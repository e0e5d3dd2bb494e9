"""Work that outlasts a request: started once, then asked for, waited for, cancelled by its id."""

from gitops_auditor.work.liveness import Process, open_process
from gitops_auditor.work.manager import WorkManager
from gitops_auditor.work.models import FailureKind, WorkError, WorkRecord, WorkStatus
from gitops_auditor.work.progress import WorkProgress

__all__ = [
    "FailureKind",
    "Process",
    "WorkError",
    "WorkManager",
    "WorkProgress",
    "WorkRecord",
    "WorkStatus",
    "open_process",
]
