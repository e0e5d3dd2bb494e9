"""Operations: declared once in `tools`, served by every transport through `OperationCatalog.call`.

A call is validated and authorised, its intent is written to the audit, it runs, and its outcome is
written, in that order.
"""

from gitops_auditor.operations.catalog import OperationCatalog
from gitops_auditor.operations.declaration import LONGEST_WAIT, Effect, Operation, Surface, Toolset
from gitops_auditor.operations.models import (
    Answer,
    Ask,
    Call,
    Context,
    NoParams,
    Params,
    Progress,
    Work,
    cannot_ask,
    no_progress,
)

__all__ = [
    "LONGEST_WAIT",
    "Answer",
    "Ask",
    "Call",
    "Context",
    "Effect",
    "NoParams",
    "Operation",
    "OperationCatalog",
    "Params",
    "Progress",
    "Surface",
    "Toolset",
    "Work",
    "cannot_ask",
    "no_progress",
]
