"""What was read from each repository, and at which commit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update

from gitops_auditor.dependencies.store.bulk import parts
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import repository_snapshots

_columns = repository_snapshots.c


class SnapshotHead(NamedTuple):
    """What a snapshot is of, without its contents."""

    commit: str
    digest: str
    reader_version: str


class NewSnapshot(NamedTuple):
    """A snapshot to store in place of the repository's last one."""

    repository_id: str
    commit: str
    digest: str
    reader_version: str
    facts: bytes


async def snapshot_heads(connection: AsyncConnection) -> dict[str, SnapshotHead]:
    """What is stored, by repository id."""
    query = select(
        _columns.repository_id,
        _columns.commit_sha,
        _columns.digest,
        _columns.reader_version,
    )
    return {row[0]: SnapshotHead(*row[1:]) for row in await connection.execute(query)}


async def snapshot_facts(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, bytes]:
    """Packed facts by repository id, for those of `ids` that have a snapshot."""
    found: dict[str, bytes] = {}
    for part in parts(sorted(ids)):
        query = select(_columns.repository_id, _columns.facts)
        rows = await connection.execute(query.where(_columns.repository_id.in_(part)))
        found.update({row[0]: row[1] for row in rows})
    return found


async def save_snapshots(
    transaction: AsyncConnection, snapshots: Sequence[NewSnapshot], now: datetime
) -> None:
    """Replace the snapshots of the repositories named."""
    await delete_snapshots(transaction, [snapshot.repository_id for snapshot in snapshots])
    for part in parts(snapshots):
        rows = [
            {
                "repository_id": snapshot.repository_id,
                "commit_sha": snapshot.commit,
                "digest": snapshot.digest,
                "reader_version": snapshot.reader_version,
                "facts": snapshot.facts,
                "scanned_at": now,
            }
            for snapshot in part
        ]
        await transaction.execute(insert(repository_snapshots), rows)


async def move_snapshots(
    transaction: AsyncConnection, commits: Mapping[str, str], now: datetime
) -> None:
    """Say that the facts stored for each repository are also those of its commit named here."""
    for repository_id, commit in commits.items():
        await transaction.execute(
            update(repository_snapshots)
            .where(_columns.repository_id == repository_id)
            .values(commit_sha=commit, scanned_at=now)
        )


async def delete_snapshots(transaction: AsyncConnection, ids: Iterable[str]) -> None:
    """Forget what was read from the repositories named."""
    for part in parts(sorted(ids)):
        await transaction.execute(
            delete(repository_snapshots).where(_columns.repository_id.in_(part))
        )
