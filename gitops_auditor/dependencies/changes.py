"""What a rescan changes: computed edges against stored ones. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gitops_auditor.dependencies.edges import Edge
from gitops_auditor.dependencies.models import ChangeKind


class StoredEdge(NamedTuple):
    """An edge as the database has it; `removed` when it was there once and is gone."""

    edge: Edge
    removed: bool


class Change(NamedTuple):
    """One difference that a person wants to hear of. Versions are constraints as written."""

    kind: ChangeKind
    edge: Edge
    old_version: str | None
    new_version: str | None
    old_target: str | None


class Difference(NamedTuple):
    """What to write: rows to insert, rows to set (also revived ones), rows to mark as removed, and
    the changes to record. A row whose line or impact alone moved is set without a recorded change.
    """

    inserted: tuple[Edge, ...]
    updated: tuple[Edge, ...]
    removed: tuple[Edge, ...]
    changes: tuple[Change, ...]


def compare(computed: Iterable[Edge], stored: Mapping[str, StoredEdge]) -> Difference:
    """Compare by edge id; `stored` holds every row of the sources that `computed` covers."""
    inserted: list[Edge] = []
    updated: list[Edge] = []
    changes: list[Change] = []
    seen: set[str] = set()
    for edge in computed:
        seen.add(edge.id)
        before = stored.get(edge.id)
        if before is None:
            inserted.append(edge)
            changes.append(Change("added", edge, None, edge.version_constraint, None))
        elif before.removed or before.edge != edge:
            updated.append(edge)
            changes.extend(_change(before, edge))
    gone = [item.edge for item in stored.values() if not item.removed and item.edge.id not in seen]
    changes.extend(
        Change("removed", edge, edge.version_constraint, None, edge.target_repo) for edge in gone
    )
    return Difference(tuple(inserted), tuple(updated), tuple(gone), tuple(changes))


def _change(before: StoredEdge, edge: Edge) -> Sequence[Change]:
    old = before.edge
    if before.removed:
        return [Change("added", edge, None, edge.version_constraint, None)]
    if (old.version_constraint, old.target_repo) == (edge.version_constraint, edge.target_repo):
        return []
    return [
        Change("updated", edge, old.version_constraint, edge.version_constraint, old.target_repo)
    ]
