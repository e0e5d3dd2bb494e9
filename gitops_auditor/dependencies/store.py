"""Rows of snapshots, edges and changes. Every function works inside the caller's transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

from sqlalchemy import Select, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gitops_auditor.dependencies.announcements import CHANNEL
from gitops_auditor.dependencies.changes import Change, Difference, StoredEdge
from gitops_auditor.dependencies.edges import Edge
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Dependency,
    DependencyChange,
    DependencyType,
    Scope,
)
from gitops_auditor.errors import JsonValue
from gitops_auditor.storage.tables import (
    dependency_changes,
    events,
    repositories,
    repository_dependencies,
    repository_snapshots,
)

_ROWS_AT_A_TIME: Final = 500
"""A longer list of parameters is prepared so long that other tasks notice."""

_TYPES: Final = {member.value: member for member in DependencyType}
_KINDS: Final = {member.value: member for member in ConstraintKind}
_SCOPES: Final = {member.value: member for member in Scope}

_edges = repository_dependencies
_EDGE_COLUMNS: Final = (
    _edges.c.id,
    _edges.c.source_repo,
    _edges.c.target_repo,
    _edges.c.dependency_type,
    _edges.c.name,
    _edges.c.version_constraint,
    _edges.c.constraint_kind,
    _edges.c.scope,
    _edges.c.impact_level,
    _edges.c.confidence,
    _edges.c.file,
    _edges.c.line,
    _edges.c.source_package,
    _edges.c.target_package,
    _edges.c.metadata,
)


class SnapshotHead(NamedTuple):
    """What a snapshot is of, without its contents."""

    commit: str
    digest: str
    reader_version: str
    scanned_at: datetime


class NewSnapshot(NamedTuple):
    """A snapshot to store in place of the repository's last one."""

    repository_id: str
    commit: str
    digest: str
    reader_version: str
    facts: bytes


class EdgeCounts(NamedTuple):
    """Live edges, and those of them that lead to another repository of the workspace."""

    live: int
    internal: int


async def snapshot_heads(connection: AsyncConnection) -> dict[str, SnapshotHead]:
    """What is stored, by repository id."""
    table = repository_snapshots.c
    rows = await connection.execute(
        select(
            table.repository_id,
            table.commit_sha,
            table.tree_sha,
            table.reader_version,
            table.scanned_at,
        )
    )
    return {row[0]: SnapshotHead(*row[1:]) for row in rows}


async def snapshot_facts(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, bytes]:
    """Packed facts by repository id, for those of `ids` that have a snapshot."""
    table = repository_snapshots.c
    found: dict[str, bytes] = {}
    for part in _parts(sorted(ids)):
        rows = await connection.execute(
            select(table.repository_id, table.facts).where(table.repository_id.in_(part))
        )
        found.update({row[0]: row[1] for row in rows})
    return found


async def save_snapshots(
    transaction: AsyncConnection, snapshots: Sequence[NewSnapshot], now: datetime
) -> None:
    """Replace the snapshots of the repositories named."""
    for snapshot in snapshots:
        await delete_snapshots(transaction, [snapshot.repository_id])
        await transaction.execute(
            insert(repository_snapshots).values(
                repository_id=snapshot.repository_id,
                commit_sha=snapshot.commit,
                tree_sha=snapshot.digest,
                reader_version=snapshot.reader_version,
                facts=snapshot.facts,
                scanned_at=now,
            )
        )


async def move_snapshots(
    transaction: AsyncConnection, commits: Mapping[str, str], now: datetime
) -> None:
    """Say that the facts stored for each repository are also those of its commit named here."""
    for repository_id, commit in commits.items():
        await transaction.execute(
            update(repository_snapshots)
            .where(repository_snapshots.c.repository_id == repository_id)
            .values(commit_sha=commit, scanned_at=now)
        )


async def delete_snapshots(transaction: AsyncConnection, ids: Iterable[str]) -> None:
    """Forget what was read from the repositories named."""
    for part in _parts(sorted(ids)):
        await transaction.execute(
            delete(repository_snapshots).where(repository_snapshots.c.repository_id.in_(part))
        )


async def edge_counts(connection: AsyncConnection) -> EdgeCounts:
    """How many edges are live."""
    internal = (_edges.c.target_repo.is_not(None)) & (_edges.c.target_repo != _edges.c.source_repo)
    row = await connection.execute(
        select(func.count(), func.count().filter(internal)).where(_edges.c.removed_at.is_(None))
    )
    return EdgeCounts(*row.one())


async def stored_edges(connection: AsyncConnection) -> dict[str, StoredEdge]:
    """Every edge there is or was, by id."""
    rows = await connection.execute(select(*_EDGE_COLUMNS, _edges.c.removed_at))
    return {row[0]: StoredEdge(_edge(tuple(row)), row[-1] is not None) for row in rows}


async def apply(transaction: AsyncConnection, difference: Difference, now: datetime) -> None:
    """Insert, set and mark rows as the difference says. Revived rows keep their `discovered_at`."""
    for part in _parts(difference.inserted):
        rows = [{**_values(edge), "discovered_at": now, "last_validated": now} for edge in part]
        await transaction.execute(insert(_edges), rows)
    setting = update(_edges).where(_edges.c.id == bindparam("edge_id"))
    for part in _parts(difference.updated):
        rows = [
            {**_values(edge), "edge_id": edge.id, "last_validated": now, "removed_at": None}
            for edge in part
        ]
        await transaction.execute(setting, rows)
    for gone in _parts(difference.removed):
        await transaction.execute(
            update(_edges).where(_edges.c.id.in_([edge.id for edge in gone])).values(removed_at=now)
        )


async def record_changes(
    transaction: AsyncConnection,
    changes: Sequence[Change],
    consumers: Mapping[str, int],
    now: datetime,
) -> None:
    """Append to the history. `consumers` counts the repositories that need each repository."""
    for part in _parts(changes):
        rows = [
            {
                "id": uuid4().hex,
                "dependency_id": change.edge.id,
                "change_type": change.kind,
                "old_version": change.old_version,
                "new_version": change.new_version,
                "detected_at": now,
                "impact_analysis": _impact(change, consumers),
            }
            for change in part
        ]
        await transaction.execute(insert(dependency_changes), rows)


async def mark_validated(
    transaction: AsyncConnection, ids: Sequence[str] | None, now: datetime
) -> None:
    """Say that the live edges of the repositories named (None: of all) were seen again."""
    setting = update(_edges).where(_edges.c.removed_at.is_(None)).values(last_validated=now)
    scanned = update(repositories).values(last_scanned_at=now)
    if ids is None:
        await transaction.execute(setting)
        await transaction.execute(scanned.where(repositories.c.removed_at.is_(None)))
        return
    for part in _parts(sorted(ids)):
        await transaction.execute(setting.where(_edges.c.source_repo.in_(part)))
        await transaction.execute(scanned.where(repositories.c.id.in_(part)))


async def last_scan(connection: AsyncConnection) -> int:
    """A number that is another one after every scan, also of another process."""
    query = select(func.max(events.c.seq)).where(events.c.channel == CHANNEL)
    return (await connection.execute(query)).scalar_one() or 0


async def live_rows(connection: AsyncConnection) -> list[tuple[Any, ...]]:
    """Every live edge for `dependency` to make one of, in the order of source, file and line."""
    rows = await connection.execute(
        select(*_EDGE_COLUMNS, _edges.c.discovered_at, _edges.c.last_validated)
        .where(_edges.c.removed_at.is_(None))
        .order_by(_edges.c.source_repo, _edges.c.file, _edges.c.line, _edges.c.id)
    )
    return [tuple(row) for row in rows]


async def change_count(connection: AsyncConnection, since: datetime | None) -> int:
    """How many changes were recorded after `since`."""
    query = _since(select(func.count()).select_from(dependency_changes), since)
    return int((await connection.execute(query)).scalar_one())


async def change_rows(
    connection: AsyncConnection, since: datetime | None, limit: int, offset: int
) -> list[DependencyChange]:
    """Changes with the edge they are about, newest first."""
    table = dependency_changes.c
    query = (
        select(
            *table,
            _edges.c.source_repo,
            _edges.c.target_repo,
            _edges.c.dependency_type,
            _edges.c.name,
            _edges.c.file,
            _edges.c.line,
        )
        .join(_edges, _edges.c.id == table.dependency_id)
        .order_by(table.detected_at.desc(), table.id)
        .limit(limit)
        .offset(offset)
    )
    rows = await connection.execute(_since(query, since))
    return [DependencyChange.model_validate(dict(row)) for row in rows.mappings()]


def _since(query: Select[Any], since: datetime | None) -> Select[Any]:
    return query if since is None else query.where(dependency_changes.c.detected_at > since)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _ROWS_AT_A_TIME):
        yield items[start : start + _ROWS_AT_A_TIME]


def _values(edge: Edge) -> dict[str, Any]:
    return {
        "id": edge.id,
        "source_repo": edge.source_repo,
        "target_repo": edge.target_repo,
        "dependency_type": edge.dependency_type.value,
        "name": edge.name,
        "version_constraint": edge.version_constraint,
        "constraint_kind": edge.constraint_kind.value,
        "scope": edge.scope.value,
        "impact_level": edge.impact_level,
        "confidence": edge.confidence,
        "file": edge.file,
        "line": edge.line,
        "source_package": edge.source_package,
        "target_package": edge.target_package,
        "metadata": _metadata(edge),
        "locator": edge.id,
    }


def _metadata(edge: Edge) -> dict[str, JsonValue] | None:
    metadata: dict[str, JsonValue] = {}
    if edge.reference:
        metadata["reference"] = edge.reference
    if edge.alternatives:
        metadata["alternatives"] = list(edge.alternatives)
    return metadata or None


def _edge(row: Sequence[Any]) -> Edge:
    metadata = row[14] or {}
    return Edge(
        id=row[0],
        source_repo=row[1],
        target_repo=row[2],
        dependency_type=_TYPES[row[3]],
        name=row[4],
        version_constraint=row[5],
        constraint_kind=_KINDS[row[6]],
        scope=_SCOPES[row[7]],
        impact_level=row[8],
        confidence=row[9],
        file=row[10],
        line=row[11],
        source_package=row[12],
        target_package=row[13],
        reference=metadata.get("reference", ""),
        alternatives=tuple(metadata.get("alternatives", ())),
    )


def dependency(row: Sequence[Any]) -> Dependency:
    """The edge that a row of `live_rows` holds."""
    return Dependency.model_construct(
        id=row[0],
        source_repo=row[1],
        target_repo=row[2],
        dependency_type=_TYPES[row[3]],
        name=row[4],
        version_constraint=row[5],
        constraint_kind=_KINDS[row[6]],
        scope=_SCOPES[row[7]],
        impact_level=row[8],
        confidence=row[9],
        file=row[10],
        line=row[11],
        source_package=row[12],
        target_package=row[13],
        discovered_at=row[15],
        last_validated=row[16],
    )


def _impact(change: Change, consumers: Mapping[str, int]) -> dict[str, JsonValue]:
    edge = change.edge
    return {
        "impact_level": edge.impact_level,
        "scope": edge.scope.value,
        "old_target": change.old_target,
        "new_target": None if change.kind == "removed" else edge.target_repo,
        "direct_dependents": consumers.get(edge.source_repo, 0),
    }
