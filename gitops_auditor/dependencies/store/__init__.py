"""Rows of snapshots, edges and changes. Every function works inside the caller's transaction."""

from gitops_auditor.dependencies.store.edges import (
    EdgeCounts,
    apply,
    dependencies_of,
    edge_counts,
    live_rows,
    mark_validated,
    stored_edges,
    stored_rows,
)
from gitops_auditor.dependencies.store.history import (
    change_count,
    change_rows,
    last_scan,
    record_changes,
)
from gitops_auditor.dependencies.store.snapshots import (
    NewSnapshot,
    SnapshotHead,
    delete_snapshots,
    move_snapshots,
    save_snapshots,
    snapshot_facts,
    snapshot_heads,
)

__all__ = [
    "EdgeCounts",
    "NewSnapshot",
    "SnapshotHead",
    "apply",
    "change_count",
    "change_rows",
    "delete_snapshots",
    "dependencies_of",
    "edge_counts",
    "last_scan",
    "live_rows",
    "mark_validated",
    "move_snapshots",
    "record_changes",
    "save_snapshots",
    "snapshot_facts",
    "snapshot_heads",
    "stored_edges",
    "stored_rows",
]
