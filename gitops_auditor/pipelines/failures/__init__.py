"""Why a job failed, read from its log. Pure: bytes in, an explanation out."""

from gitops_auditor.pipelines.failures.explaining import explain
from gitops_auditor.pipelines.failures.models import Explanation, FailureCause, Location

__all__ = ["Explanation", "FailureCause", "Location", "explain"]
