"""Rows of artifacts: what each run kept, where it fits its quota, and until when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CursorResult, and_, delete, func, insert, or_, select

from gitops_auditor.errors import TooLarge
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.pipeline_tables import run_artifacts

_ROWS_AT_A_TIME = 200


class StoredArtifact(NamedTuple):
    """A kept file: size in bytes, SHA-256, and when it goes."""

    run_id: str
    job: str
    path: str
    size: int
    sha256: str
    expires_at: datetime | None


async def bytes_beside(connection: AsyncConnection, run_id: str, job: str) -> int:
    """What the other jobs of a run keep together."""
    total = select(func.coalesce(func.sum(run_artifacts.c.size), 0)).where(
        run_artifacts.c.run_id == run_id, run_artifacts.c.job != job
    )
    return int((await connection.execute(total)).scalar_one())


async def replace_of_job(
    transaction: AsyncConnection,
    run_id: str,
    job: str,
    artifacts: Sequence[StoredArtifact],
    quota: int,
) -> None:
    """Keep these as the artifacts of a job, and no others. Raises TooLarge beyond the quota."""
    size = sum(one.size for one in artifacts) + await bytes_beside(transaction, run_id, job)
    if size > quota:
        raise TooLarge(
            f"The artifacts of the run have {size} bytes, more than {quota}.",
            hint="Keep fewer, or raise PIPELINE_ARTIFACTS_BYTES.",
        )
    await transaction.execute(
        delete(run_artifacts).where(run_artifacts.c.run_id == run_id, run_artifacts.c.job == job)
    )
    if artifacts:
        await transaction.execute(insert(run_artifacts), [one._asdict() for one in artifacts])


async def artifacts_of_run(connection: AsyncConnection, run_id: str) -> list[StoredArtifact]:
    """The artifacts of a run by job and path; a run keeps a bounded number."""
    rows = await connection.execute(
        select(run_artifacts)
        .where(run_artifacts.c.run_id == run_id)
        .order_by(run_artifacts.c.job, run_artifacts.c.path)
    )
    return _stored(rows)


async def find_artifact(
    connection: AsyncConnection, run_id: str, job: str, path: str
) -> StoredArtifact | None:
    """One artifact; None when it is not kept."""
    table = run_artifacts.c
    rows = await connection.execute(
        select(run_artifacts).where(table.run_id == run_id, table.job == job, table.path == path)
    )
    return next(iter(_stored(rows)), None)


async def expired_artifacts(
    connection: AsyncConnection, now: datetime, limit: int
) -> list[StoredArtifact]:
    """Artifacts whose time is over, those first that are over longest."""
    rows = await connection.execute(
        select(run_artifacts)
        .where(run_artifacts.c.expires_at <= now)
        .order_by(run_artifacts.c.expires_at, run_artifacts.c.run_id, run_artifacts.c.job)
        .limit(limit)
    )
    return _stored(rows)


async def delete_artifacts(
    transaction: AsyncConnection, artifacts: Sequence[StoredArtifact]
) -> None:
    """Forget these."""
    table = run_artifacts.c
    for start in range(0, len(artifacts), _ROWS_AT_A_TIME):
        part = artifacts[start : start + _ROWS_AT_A_TIME]
        these = [
            and_(table.run_id == one.run_id, table.job == one.job, table.path == one.path)
            for one in part
        ]
        await transaction.execute(delete(run_artifacts).where(or_(*these)))


async def delete_of_run(transaction: AsyncConnection, run_id: str) -> None:
    """Forget all artifacts of a run."""
    await transaction.execute(delete(run_artifacts).where(run_artifacts.c.run_id == run_id))


def _stored(rows: CursorResult[Any]) -> list[StoredArtifact]:
    return [StoredArtifact(**row) for row in rows.mappings()]
