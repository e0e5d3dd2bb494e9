"""A record of who did what that cannot be changed without being noticed."""

from gitops_auditor.audit.records import (
    AuditEntry,
    AuditProblem,
    AuditRecord,
    AuditVerdict,
    Change,
    Result,
)
from gitops_auditor.audit.service import Audit

__all__ = [
    "Audit",
    "AuditEntry",
    "AuditProblem",
    "AuditRecord",
    "AuditVerdict",
    "Change",
    "Result",
]
