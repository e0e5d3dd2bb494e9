"""Validations counted from the results of their gates, and the figures over them. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from gitops_auditor.quality.results import GateStatus
from gitops_auditor.quality.trend_models import ResultRow, VerdictCounts


@dataclass(frozen=True, slots=True)
class Validation:
    """What the results of one validation amount to. `score` is the mean of those that have one."""

    id: str
    repository_id: str
    status: GateStatus
    score: float | None
    executed_at: datetime


def validations(rows: Iterable[ResultRow]) -> list[Validation]:
    """The validations that results belong to, oldest first. `executed_at` is their last one's."""
    groups: defaultdict[tuple[str, str], list[ResultRow]] = defaultdict(list)
    for row in rows:
        groups[row.validation_id, row.repository_id].append(row)
    found = [_validation(identity, group) for identity, group in groups.items()]
    return sorted(found, key=lambda one: (one.executed_at, one.id, one.repository_id))


def verdict_counts(found: Iterable[Validation]) -> VerdictCounts:
    """How many of the validations ended how."""
    counts = Counter(one.status for one in found)
    return VerdictCounts(
        validations=counts.total(),
        passed=counts["passed"],
        warning=counts["warning"],
        failed=counts["failed"],
        error=counts["error"],
        skipped=counts["skipped"],
    )


def mean_score(found: Iterable[Validation]) -> float | None:
    """The mean of the scores of validations, None when none has one."""
    return _mean([one.score for one in found if one.score is not None])


def quantile(values: Iterable[float], share: float) -> float | None:
    """The least value that at least `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None


def measured_seconds(rows: Iterable[ResultRow]) -> list[float]:
    """What gates took that ran: neither reused from the cache nor skipped."""
    return [row.duration_seconds for row in rows if not row.cached and row.status != "skipped"]


def _validation(identity: tuple[str, str], rows: Sequence[ResultRow]) -> Validation:
    return Validation(
        *identity,
        status=_verdict({_effective(row) for row in rows}),
        score=_mean([row.score for row in rows if row.score is not None]),
        executed_at=max(row.executed_at for row in rows),
    )


def _effective(row: ResultRow) -> GateStatus:
    return "warning" if row.overridden and row.status in {"failed", "error"} else row.status


def _verdict(statuses: set[GateStatus]) -> GateStatus:
    order: tuple[GateStatus, ...] = ("error", "failed", "warning", "passed")
    return next((status for status in order if status in statuses), "skipped")


def _mean(values: Sequence[float]) -> float | None:
    return fmean(sorted(values)) if values else None
