"""The differences that rescans found, and a number that tells one scan from the next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, func, select

from gitops_auditor.dependencies.announcements import CHANNEL
from gitops_auditor.dependencies.changes import Change
from gitops_auditor.dependencies.models import DependencyChange
from gitops_auditor.dependencies.store.bulk import BulkInsert
from gitops_auditor.errors import JsonValue
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import dependency_changes, events, repository_dependencies

_changes = dependency_changes.c
_edges = repository_dependencies.c
_INSERTED = (
    "id",
    "dependency_id",
    "change_type",
    "old_version",
    "new_version",
    "detected_at",
    "impact_analysis",
)


async def record_changes(
    transaction: AsyncConnection,
    changes: Sequence[Change],
    consumers: Mapping[str, int],
    now: datetime,
) -> None:
    """Append to the history. `consumers` counts the repositories that need each repository."""
    if not changes:
        return
    bulk = BulkInsert(transaction, dependency_changes, _INSERTED)
    detected_at, as_json = bulk.converter("detected_at")(now), bulk.converter("impact_analysis")
    await bulk.rows(
        [
            (
                uuid4().hex,
                change.edge.id,
                change.kind,
                change.old_version,
                change.new_version,
                detected_at,
                as_json(_impact(change, consumers)),
            )
            for change in changes
        ]
    )


async def change_count(connection: AsyncConnection, since: datetime | None) -> int:
    """How many changes were recorded after `since`."""
    query = _since(select(func.count()).select_from(dependency_changes), since)
    return int((await connection.execute(query)).scalar_one())


async def change_rows(
    connection: AsyncConnection, since: datetime | None, limit: int, offset: int
) -> list[DependencyChange]:
    """Changes with the edge they are about, newest first."""
    query = (
        select(
            *_changes,
            _edges.source_repo,
            _edges.target_repo,
            _edges.dependency_type,
            _edges.name,
            _edges.file,
            _edges.line,
        )
        .join(repository_dependencies, _edges.id == _changes.dependency_id)
        .order_by(_changes.detected_at.desc(), _changes.id)
        .limit(limit)
        .offset(offset)
    )
    rows = await connection.execute(_since(query, since))
    return [DependencyChange.model_validate(dict(row)) for row in rows.mappings()]


async def last_scan(connection: AsyncConnection) -> int:
    """A number that is another one after every scan, also of another process."""
    query = select(func.max(events.c.seq)).where(events.c.channel == CHANNEL)
    return (await connection.execute(query)).scalar_one() or 0


def _since(query: Select[Any], since: datetime | None) -> Select[Any]:
    return query if since is None else query.where(_changes.detected_at > since)


def _impact(change: Change, consumers: Mapping[str, int]) -> dict[str, JsonValue]:
    edge = change.edge
    return {
        "impact_level": edge.impact_level,
        "scope": edge.scope.value,
        "old_target": change.old_target,
        "new_target": None if change.kind == "removed" else edge.target_repo,
        "direct_dependents": consumers.get(edge.source_repo, 0),
    }
