"""Figures over validations: verdicts, scores, seconds. Pure; the order does not matter."""

import math
from collections import Counter
from collections.abc import Iterable
from statistics import fmean

from gitops_auditor.quality.trend_models import ValidationRow, VerdictCounts


def verdict_counts(validations: Iterable[ValidationRow]) -> VerdictCounts:
    """How many of the validations ended how."""
    counts = Counter(one.status for one in validations)
    return VerdictCounts(
        validations=counts.total(),
        passed=counts["passed"],
        warning=counts["warning"],
        failed=counts["failed"],
        error=counts["error"],
        skipped=counts["skipped"],
    )


def mean_score(validations: Iterable[ValidationRow]) -> float | None:
    """The mean of the scores of validations, None when none has one."""
    scores = sorted(one.score for one in validations if one.score is not None)
    return fmean(scores) if scores else None


def quantile(values: Iterable[float], share: float) -> float | None:
    """The least value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None
