"""Failures that a plan tells apart."""

from gitops_auditor.errors import Conflict, GitOpsError, Stale


class WorkFailed(Conflict):
    """The work itself said no: trying the same again changes nothing."""


def is_failure(error: GitOpsError) -> bool:
    """Whether the work said no; else the machinery broke, and another try may succeed."""
    return isinstance(error, Conflict | Stale)
