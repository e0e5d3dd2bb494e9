"""Runs that another system carries out: kept as it reports them, never claimed here."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import insert, select, update

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.fields import FailureKind
from gitops_auditor.pipelines.states import RunStatus
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.pipeline_tables import pipeline_runs, pipelines

Connection = AsyncConnection
"""A connection or transaction, for those that only pass it on."""

OWNER: Final = "external"
_RUN = pipeline_runs.c


class Progress(NamedTuple):
    """How far a run is; `ended_at` once it is over."""

    status: RunStatus
    reason: str
    failure_kind: FailureKind | None
    ended_at: datetime | None


class KnownRun(NamedTuple):
    """A run as it was reported so far."""

    id: str
    run_number: int
    status: RunStatus
    reason: str


async def find(connection: Connection, pipeline_id: str, external_id: str) -> KnownRun | None:
    """The run that the other system knows by this name."""
    query = select(_RUN.id, _RUN.run_number, _RUN.status, _RUN.reason).where(
        _RUN.pipeline_id == pipeline_id, _RUN.external_id == external_id
    )
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else KnownRun(*row)


async def add(
    transaction: Connection,
    run_id: str,
    pipeline_id: str,
    external_id: str,
    progress: Progress,
    trigger_data: JsonValue,
    actor: str,
    now: datetime,
) -> int:
    """Keep a run under the next number of its pipeline, which is returned."""
    pipeline = await transaction.execute(
        update(pipelines)
        .where(pipelines.c.id == pipeline_id)
        .values(last_run_number=pipelines.c.last_run_number + 1)
        .returning(pipelines.c.last_run_number, pipelines.c.repository_id, pipelines.c.revision)
    )
    number, repository_id, revision = pipeline.one()
    await transaction.execute(
        insert(pipeline_runs).values(
            id=run_id,
            pipeline_id=pipeline_id,
            external_id=external_id,
            run_number=number,
            repository_id=repository_id,
            revision=revision,
            trigger_type="webhook",
            trigger_data=trigger_data,
            owner=OWNER,
            created_at=now,
            created_by=actor,
            started_at=now,
            **_columns(progress),
        )
    )
    return int(number)


async def change(transaction: Connection, run_id: str, progress: Progress) -> None:
    """Keep how far a run is now."""
    await transaction.execute(
        update(pipeline_runs).where(_RUN.id == run_id).values(**_columns(progress))
    )


async def end_cancelled(transaction: Connection, run_id: str, now: datetime) -> bool:
    """End a run of another system as cancelled; whether it is one."""
    reason = "It was cancelled here; the system that carries it out was not told."
    done = await transaction.execute(
        update(pipeline_runs)
        .where(_RUN.id == run_id, _RUN.external_id.is_not(None))
        .values(**_columns(Progress("cancelled", reason, None, now)))
    )
    return done.rowcount == 1


def _columns(progress: Progress) -> dict[str, object]:
    return {
        "status": progress.status,
        "reason": progress.reason,
        "failure_kind": progress.failure_kind,
        "completed_at": progress.ended_at,
    }
