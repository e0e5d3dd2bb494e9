"""Whether what is known of the dependencies is complete and fresh. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from gitops_auditor.dependencies.snapshots import UNREADABLE
from gitops_auditor.dependencies.store import EdgeCounts, SnapshotHead
from gitops_auditor.health import ComponentHealth
from gitops_auditor.repositories.models import Repository

_NAMED = 5


def condition(
    registered: Sequence[Repository],
    heads: Mapping[str, SnapshotHead],
    counts: EdgeCounts,
    oldest: datetime,
) -> ComponentHealth:
    """Degraded when a repository was never scanned, not since `oldest`, or could not be read."""
    scans = {item.id: item.last_scanned_at for item in registered}
    stale = [name for name, at in scans.items() if name in heads and (at is None or at < oldest)]
    reasons = [
        *_reason("Never scanned", [name for name in scans if name not in heads]),
        *_reason("Not scanned lately", stale),
        *_reason(
            "Could not be read",
            [name for name in scans if name in heads and heads[name].commit == UNREADABLE],
        ),
    ]
    last = max((at for at in scans.values() if at is not None), default=None)
    return ComponentHealth(
        name="dependencies",
        status="degraded" if reasons else "healthy",
        reasons=reasons,
        figures={
            "repositories": len(registered),
            "scanned": sum(name in heads for name in scans),
            "stale": len(stale),
            "dependencies": counts.live,
            "internal": counts.internal,
            "last_scan": last.isoformat() if last else None,
        },
    )


def _reason(what: str, repositories: Sequence[str]) -> Iterator[str]:
    if repositories:
        more = len(repositories) - _NAMED
        named = ", ".join(repositories[:_NAMED])
        yield f"{what}: {named}{f' and {more} more' if more > 0 else ''}."
