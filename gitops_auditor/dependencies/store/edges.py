"""The edges themselves: live ones, and those that are gone but have a history."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, get_args

from sqlalchemy import Text, bindparam, func, select, type_coerce, update

from gitops_auditor.dependencies.changes import Difference, StoredEdge
from gitops_auditor.dependencies.edges import Edge
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Dependency,
    DependencyType,
    ImpactLevel,
    Scope,
)
from gitops_auditor.dependencies.store.bulk import BulkInsert, parts
from gitops_auditor.errors import JsonValue
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import repositories, repository_dependencies

_TYPES: Final = {member.value: member for member in DependencyType}
_KINDS: Final = {member.value: member for member in ConstraintKind}
_LEVELS: Final[Mapping[str, ImpactLevel]] = {level: level for level in get_args(ImpactLevel)}
_SCOPES: Final = {member.value: member for member in Scope}

_table = repository_dependencies
_columns = repository_dependencies.c
_PLAIN: Final = (
    "id",
    "source_repo",
    "target_repo",
    "dependency_type",
    "name",
    "version_constraint",
    "constraint_kind",
    "scope",
    "impact_level",
    "confidence",
    "file",
    "line",
    "source_package",
    "target_package",
)
_INSERTED: Final = (*_PLAIN, "metadata", "discovered_at", "last_validated")
_ALL_FIELDS: Final = set(Dependency.model_fields)
"""Shared by all edges: a set for each of them takes more memory than the edge itself."""


class EdgeCounts(NamedTuple):
    """Live edges, and those of them that lead to another repository of the workspace."""

    live: int
    internal: int


async def edge_counts(connection: AsyncConnection) -> EdgeCounts:
    """How many edges are live."""
    internal = _columns.target_repo.is_not(None) & (_columns.target_repo != _columns.source_repo)
    query = select(func.count(), func.count().filter(internal))
    row = await connection.execute(query.where(_columns.removed_at.is_(None)))
    return EdgeCounts(*row.one())


async def stored_rows(connection: AsyncConnection) -> Sequence[Any]:
    """Every edge there is or was, for `stored_edges`."""
    removed = _columns.removed_at.is_not(None)
    metadata = type_coerce(_columns.metadata, Text)
    query = select(*(_columns[name] for name in _PLAIN), metadata, removed)
    return (await connection.execute(query)).all()


def stored_edges(rows: Iterable[Sequence[Any]]) -> dict[str, StoredEdge]:
    """The edges that `stored_rows` gave, by id."""
    return {row[0]: StoredEdge(_edge(row[:-2], row[-2]), bool(row[-1])) for row in rows}


async def apply(transaction: AsyncConnection, difference: Difference, now: datetime) -> None:
    """Insert, set and mark rows as the difference says. Revived rows keep their `discovered_at`."""
    await _insert(transaction, difference.inserted, now)
    setting = update(_table).where(_columns.id == bindparam("edge_id"))
    for part in parts(difference.updated):
        rows = [
            {
                **dict(zip(_PLAIN, _plain(edge), strict=True)),
                "metadata": _metadata(edge),
                "edge_id": edge.id,
                "last_validated": now,
                "removed_at": None,
            }
            for edge in part
        ]
        await transaction.execute(setting, rows)
    for gone in parts(difference.removed):
        among = _columns.id.in_([edge.id for edge in gone])
        await transaction.execute(update(_table).where(among).values(removed_at=now))


async def mark_validated(
    transaction: AsyncConnection, ids: Sequence[str] | None, now: datetime
) -> None:
    """Say that the live edges of the repositories named (None: of all) were seen at `now`."""
    older = _columns.removed_at.is_(None) & (_columns.last_validated < now)
    seen = update(_table).where(older).values(last_validated=now)
    scanned = update(repositories).values(last_scanned_at=now)
    if ids is None:
        await transaction.execute(seen)
        await transaction.execute(scanned.where(repositories.c.removed_at.is_(None)))
        return
    for part in parts(sorted(ids)):
        await transaction.execute(seen.where(_columns.source_repo.in_(part)))
        await transaction.execute(scanned.where(repositories.c.id.in_(part)))


async def live_rows(connection: AsyncConnection) -> Sequence[Any]:
    """Every live edge for `dependencies_of`, in the order of source, file and line."""
    query = (
        select(
            *(_columns[name] for name in _PLAIN),
            # Few moments occur, on many rows: they are converted once each, later.
            type_coerce(_columns.discovered_at, Text),
            type_coerce(_columns.last_validated, Text),
        )
        .where(_columns.removed_at.is_(None))
        .order_by(_columns.source_repo, _columns.file, _columns.line, _columns.id)
    )
    return (await connection.execute(query)).all()


def dependencies_of(rows: Iterable[Sequence[Any]]) -> list[Dependency]:
    """The edges that `live_rows` gave."""
    moments = _Moments()
    texts: dict[str, str] = {}
    keep = texts.setdefault
    return [
        Dependency.model_construct(
            _fields_set=_ALL_FIELDS,
            id=row[0],
            source_repo=keep(row[1], row[1]),
            target_repo=keep(row[2], row[2]) if row[2] is not None else None,
            dependency_type=_TYPES[row[3]],
            name=keep(row[4], row[4]),
            version_constraint=keep(row[5], row[5]),
            constraint_kind=_KINDS[row[6]],
            scope=_SCOPES[row[7]],
            impact_level=_LEVELS[row[8]],
            confidence=row[9],
            file=keep(row[10], row[10]),
            line=row[11],
            source_package=keep(row[12], row[12]),
            target_package=keep(row[13], row[13]),
            discovered_at=moments[row[14]],
            last_validated=moments[row[15]],
        )
        for row in rows
    ]


class _Moments(dict[Any, datetime]):
    """Moments as SQLite's text or PostgreSQL's value, to aware ones in UTC; each made once."""

    def __missing__(self, value: Any) -> datetime:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        self[value] = aware
        return aware


async def _insert(transaction: AsyncConnection, edges: Sequence[Edge], now: datetime) -> None:
    if not edges:
        return
    bulk = BulkInsert(transaction, _table, _INSERTED)
    moment, as_json = bulk.converter("discovered_at")(now), bulk.converter("metadata")
    for part in parts(edges):
        await bulk.rows(
            [(*_plain(edge), as_json(_metadata(edge)), moment, moment) for edge in part]
        )


def _plain(edge: Edge) -> tuple[Any, ...]:
    """The values of the columns in _PLAIN."""
    return (
        *edge[:3],
        edge.dependency_type.value,
        *edge[4:6],
        edge.constraint_kind.value,
        edge.scope.value,
        *edge[8:14],
    )


def _metadata(edge: Edge) -> dict[str, JsonValue] | None:
    metadata: dict[str, JsonValue] = {}
    if edge.reference:
        metadata["reference"] = edge.reference
    if edge.alternatives:
        metadata["alternatives"] = list(edge.alternatives)
    return metadata or None


def _edge(values: Sequence[Any], metadata: Any) -> Edge:
    found = json.loads(metadata) if isinstance(metadata, str) else metadata or {}
    plain = dict(zip(_PLAIN, values, strict=True))
    plain["dependency_type"] = _TYPES[plain["dependency_type"]]
    plain["constraint_kind"] = _KINDS[plain["constraint_kind"]]
    plain["scope"] = _SCOPES[plain["scope"]]
    alternatives = tuple(found.get("alternatives", ()))
    return Edge(**plain, reference=found.get("reference", ""), alternatives=alternatives)
