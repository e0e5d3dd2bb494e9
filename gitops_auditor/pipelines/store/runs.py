"""Runs and their jobs as callers see them, and the few columns that callers change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Select, and_, delete, exists, func, insert, select, update

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.records import RunSummary
from gitops_auditor.pipelines.states import RunStatus
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.pipeline_tables import (
    pipeline_runs,
    pipelines,
    run_approvals,
    run_attempts,
    run_jobs,
)

Connection = AsyncConnection

_RUN = pipeline_runs.c
_COLUMNS = (
    _RUN.id,
    _RUN.pipeline_id,
    _RUN.repository_id,
    _RUN.run_number,
    _RUN.status,
    _RUN.failure_kind,
    _RUN.reason,
    _RUN.trigger_type,
    _RUN.ref,
    _RUN.commit_sha,
    _RUN.created_at,
    _RUN.created_by,
    _RUN.started_at,
    _RUN.completed_at,
)
_DETAILS = (
    *_COLUMNS,
    _RUN.trigger_data,
    _RUN.revision,
    _RUN.isolation,
    _RUN.rerun_of,
    _RUN.cancel_requested,
    _RUN.external_id,
    _RUN.state,
    _RUN.metrics,
)
UNFINISHED = ("pending", "running")


class Filter(NamedTuple):
    """Which runs to list; None does not restrict."""

    pipeline_id: str | None = None
    repository_id: str | None = None
    status: RunStatus | None = None


class NewRun(NamedTuple):
    """A run to be kept as pending."""

    id: str
    pipeline_id: str
    repository_id: str
    revision: int
    ref: str
    commit_sha: str | None
    trigger_type: str
    trigger_data: JsonValue
    created_at: datetime
    created_by: str
    idempotency_key: str | None
    concurrency_group: str | None
    rerun_of: str | None


class NewJob(NamedTuple):
    """A job of a run to be kept; what an earlier run did of it is kept with it."""

    job: str
    stage: str
    kind: str
    status: str = "pending"
    reason: str = ""
    outputs: JsonValue = None


async def insert_run(transaction: Connection, run: NewRun, jobs: Sequence[NewJob]) -> int:
    """Keep a run under the next number of its pipeline, which is returned."""
    number = await transaction.scalar(
        update(pipelines)
        .where(pipelines.c.id == run.pipeline_id)
        .values(last_run_number=pipelines.c.last_run_number + 1)
        .returning(pipelines.c.last_run_number)
    )
    values = {**run._asdict(), "run_number": number}
    await transaction.execute(insert(pipeline_runs).values(status="pending", **values))
    rows = [
        {"run_id": run.id, "position": position, **job._asdict()}
        for position, job in enumerate(jobs)
    ]
    await transaction.execute(insert(run_jobs), rows)
    return int(number or 0)


async def summary(connection: Connection, run_id: str) -> RunSummary | None:
    """The run as it stands in lists."""
    found = await connection.execute(select(*_COLUMNS).where(_RUN.id == run_id))
    row = found.mappings().one_or_none()
    return None if row is None else _summary(row)


async def details(connection: Connection, run_id: str) -> RowMapping | None:
    """The row of a run with what is shown of it."""
    found = await connection.execute(
        select(*_DETAILS, pipelines.c.name.label("pipeline_name"))
        .join(pipelines, pipelines.c.id == _RUN.pipeline_id)
        .where(_RUN.id == run_id)
    )
    return found.mappings().one_or_none()


async def jobs(connection: Connection, run_id: str) -> Sequence[RowMapping]:
    """The jobs of a run in order, each with its last attempt."""
    last = and_(
        run_attempts.c.run_id == run_jobs.c.run_id,
        run_attempts.c.job == run_jobs.c.job,
        run_attempts.c.attempt == run_jobs.c.attempt,
    )
    query = (
        select(
            run_jobs,
            run_attempts.c.exit_code,
            run_attempts.c.isolation,
            run_attempts.c.log_bytes,
        )
        .outerjoin(run_attempts, last)
        .where(run_jobs.c.run_id == run_id)
        .order_by(run_jobs.c.position)
    )
    return (await connection.execute(query)).mappings().all()


async def page(
    connection: Connection, wanted: Filter, before: str | None, limit: int
) -> list[RunSummary]:
    """Runs, newest first, those before an id."""
    query: Select[Any] = select(*_COLUMNS)
    if wanted.pipeline_id is not None:
        query = query.where(_RUN.pipeline_id == wanted.pipeline_id)
    if wanted.repository_id is not None:
        query = query.where(_RUN.repository_id == wanted.repository_id)
    if wanted.status is not None:
        query = query.where(_RUN.status == wanted.status)
    if before is not None:
        query = query.where(_RUN.id < before)
    found = await connection.execute(query.order_by(_RUN.id.desc()).limit(limit))
    return [_summary(row) for row in found.mappings()]


async def of_commit(
    connection: Connection, repository_id: str, commit_sha: str, limit: int
) -> list[str]:
    """The ids of runs of a repository at a commit that are over, newest first."""
    query = (
        select(_RUN.id)
        .where(
            _RUN.repository_id == repository_id,
            _RUN.commit_sha == commit_sha,
            _RUN.status.not_in(UNFINISHED),
        )
        .order_by(_RUN.id.desc())
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())


async def last_of(connection: Connection, pipeline_id: str) -> RunSummary | None:
    """The newest run of a pipeline."""
    found = await page(connection, Filter(pipeline_id), None, 1)
    return found[0] if found else None


async def by_key(connection: Connection, pipeline_id: str, key: str) -> str | None:
    """The id of the run that was started with an idempotency key."""
    query = select(_RUN.id).where(_RUN.pipeline_id == pipeline_id, _RUN.idempotency_key == key)
    found = await connection.scalar(query)
    return None if found is None else str(found)


async def in_group(connection: Connection, group: str, before: str) -> list[str]:
    """The unfinished runs of a concurrency group that are older than one."""
    query = select(_RUN.id).where(
        _RUN.concurrency_group == group, _RUN.status.in_(UNFINISHED), _RUN.id < before
    )
    return [str(found) for found in await connection.scalars(query)]


async def request_cancel(transaction: Connection, run_id: str) -> bool:
    """Ask for the end of a run; whether it was asked for the first time."""
    done = await transaction.execute(
        update(pipeline_runs)
        .where(
            _RUN.id == run_id,
            _RUN.status.in_(UNFINISHED),
            _RUN.cancel_requested.is_(False),
        )
        .values(cancel_requested=True)
    )
    return done.rowcount == 1


async def decide(
    transaction: Connection,
    run_id: str,
    job: str,
    decision: str,
    actor: str,
    now: datetime,
    comment: str,
    answers: JsonValue,
) -> bool:
    """Keep what somebody decided; whether nobody had."""
    await transaction.execute(select(_RUN.id).where(_RUN.id == run_id).with_for_update())
    decided = exists().where(run_approvals.c.run_id == run_id, run_approvals.c.job == job)
    if await transaction.scalar(select(decided)):
        return False
    await transaction.execute(
        insert(run_approvals).values(
            run_id=run_id,
            job=job,
            decision=decision,
            decided_by=actor,
            decided_at=now,
            comment=comment,
            answers=answers,
        )
    )
    return True


async def unfinished(connection: Connection) -> dict[str, int]:
    """How many runs are pending and running."""
    query = (
        select(_RUN.status, func.count()).where(_RUN.status.in_(UNFINISHED)).group_by(_RUN.status)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def finished_before(
    connection: Connection, moment: datetime, kept: int, limit: int, after: str = ""
) -> list[RunSummary]:
    """Runs that ended before a moment, oldest first, but for the newest few of each pipeline.

    `after` is the id of a run behind which to go on.
    """
    recent = (pipelines.c.id == _RUN.pipeline_id) & (
        _RUN.run_number > pipelines.c.last_run_number - kept
    )
    query = (
        select(*_COLUMNS)
        # A run that ended before has an id from before: the newer ones need no look.
        .where(_RUN.id < _first_id(moment), _RUN.id > after)
        .where(_RUN.status.not_in(UNFINISHED), _RUN.completed_at < moment)
        .where(~exists().where(recent))
        .order_by(_RUN.id)
        .limit(limit)
    )
    return [_summary(row) for row in (await connection.execute(query)).mappings()]


async def delete_runs(transaction: Connection, run_ids: Sequence[str]) -> int:
    """Forget runs with their jobs, attempts, logs in the database, decisions and artifact rows."""
    done = await transaction.execute(delete(pipeline_runs).where(_RUN.id.in_(run_ids)))
    return done.rowcount


def _first_id(moment: datetime) -> str:
    """Not greater than the id of any run that was started at the moment or later."""
    return f"{max(0, int(moment.timestamp() * 1000)):012x}"


def _summary(row: RowMapping) -> RunSummary:
    values = dict(row)
    started, completed = values["started_at"], values["completed_at"]
    seconds = (completed - started).total_seconds() if started and completed else None
    return RunSummary(**values, duration_seconds=seconds)
