from datetime import UTC, datetime, timedelta

from gitops_auditor.dependencies.condition import condition
from gitops_auditor.dependencies.snapshots import UNREADABLE
from gitops_auditor.dependencies.store import EdgeCounts, SnapshotHead
from gitops_auditor.repositories.models import Repository

NOW = datetime(2026, 1, 2, tzinfo=UTC)
COUNTS = EdgeCounts(7, 3)


def repository(name: str, hours_ago: float | None) -> Repository:
    scanned = None if hours_ago is None else NOW - timedelta(hours=hours_ago)
    return Repository(id=name, name=name, created_at=NOW, updated_at=NOW, last_scanned_at=scanned)


def head(commit: str = "c" * 40) -> SnapshotHead:
    return SnapshotHead(commit, "digest", "version")


def test_a_repository_not_scanned_within_the_time_is_stale() -> None:
    registered = [repository("new", 1), repository("old", 25)]
    heads = {"new": head(), "old": head()}
    found = condition(registered, heads, COUNTS, NOW - timedelta(hours=24))
    assert (found.status, found.reasons) == ("degraded", ["Not scanned lately: old."])
    assert found.figures["stale"] == 1
    assert found.figures["last_scan"] == "2026-01-01T23:00:00+00:00"


def test_a_repository_that_could_not_be_read_is_named() -> None:
    heads = {"gone": head(UNREADABLE)}
    found = condition([repository("gone", 1)], heads, COUNTS, NOW - timedelta(hours=24))
    assert found.reasons == ["Could not be read: gone."]


def test_of_many_the_first_five_are_named_and_the_rest_counted() -> None:
    registered = [repository(f"r{number}", None) for number in range(8)]
    found = condition(registered, {}, COUNTS, NOW)
    assert found.reasons == ["Never scanned: r0, r1, r2, r3, r4 and 3 more."]
