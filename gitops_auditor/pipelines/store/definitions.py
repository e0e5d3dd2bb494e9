"""Pipelines and the revisions of their definitions, in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import RowMapping, Select, func, insert, select, update

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.records import PipelineStatus, PipelineSummary
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.pipeline_tables import pipeline_revisions, pipeline_runs, pipelines

Connection = AsyncConnection

_COLUMNS = (
    pipelines.c.id,
    pipelines.c.name,
    pipelines.c.description,
    pipelines.c.repository_id,
    pipelines.c.status,
    pipelines.c.path,
    pipelines.c.version.label("definition_version"),
    pipelines.c.revision,
    pipelines.c.edition.label("version"),
    pipelines.c.last_run_number,
    pipelines.c.created_at,
    pipelines.c.updated_at,
    pipelines.c.created_by,
)
_PRESENT = pipelines.c.removed_at.is_(None)


class Filter(NamedTuple):
    """Which pipelines to list; None does not restrict."""

    repository_id: str | None = None
    status: PipelineStatus | None = None


class NewDefinition(NamedTuple):
    """A definition to be kept: the text, its digest, its JSON, and the commit that holds it."""

    source: str
    digest: str
    document: JsonValue
    version: str
    description: str
    commit_sha: str | None


async def get(connection: Connection, pipeline_id: str) -> PipelineSummary | None:
    """The pipeline, unless there is none or it was removed."""
    found = await connection.execute(
        select(*_COLUMNS).where(pipelines.c.id == pipeline_id, _PRESENT)
    )
    return _summary(found.mappings().one_or_none())


async def get_any(connection: Connection, pipeline_id: str) -> PipelineSummary | None:
    """The pipeline, removed or not: its runs still name it."""
    found = await connection.execute(select(*_COLUMNS).where(pipelines.c.id == pipeline_id))
    return _summary(found.mappings().one_or_none())


async def named(
    connection: Connection, name: str, repository_id: str | None = None
) -> list[PipelineSummary]:
    """The pipelines of this name, of the repository or anywhere; at most a few."""
    query = select(*_COLUMNS).where(pipelines.c.name == name, _PRESENT)
    if repository_id is not None:
        query = query.where(pipelines.c.repository_id == repository_id)
    return _summaries((await connection.execute(query.limit(20))).mappings().all())


async def page(
    connection: Connection, wanted: Filter, after: tuple[str, str], limit: int
) -> list[PipelineSummary]:
    """Pipelines by repository and name, those after a repository and name."""
    position = (pipelines.c.repository_id > after[0]) | (
        (pipelines.c.repository_id == after[0]) & (pipelines.c.name > after[1])
    )
    query = _filtered(select(*_COLUMNS), wanted).where(position)
    ordered = query.order_by(pipelines.c.repository_id, pipelines.c.name).limit(limit)
    return _summaries((await connection.execute(ordered)).mappings().all())


async def count(connection: Connection, wanted: Filter) -> int:
    """How many there are."""
    counted = await connection.scalar(_filtered(select(func.count()), wanted))
    return counted or 0


async def of_repository(connection: Connection, repository_id: str) -> list[PipelineSummary]:
    """All pipelines of one repository."""
    query = _filtered(select(*_COLUMNS), Filter(repository_id)).order_by(pipelines.c.name)
    return _summaries((await connection.execute(query)).mappings().all())


async def active_sources(connection: Connection) -> list[tuple[PipelineSummary, str]]:
    """Every active pipeline with its present source."""
    query = (
        select(*_COLUMNS, pipeline_revisions.c.source)
        .join(
            pipeline_revisions,
            (pipeline_revisions.c.pipeline_id == pipelines.c.id)
            & (pipeline_revisions.c.revision == pipelines.c.revision),
        )
        .where(_PRESENT, pipelines.c.status == "active")
    )
    rows = (await connection.execute(query)).mappings()
    return [(PipelineSummary.model_validate(row), str(row["source"])) for row in rows]


async def insert_pipeline(
    transaction: Connection, pipeline: PipelineSummary, definition: NewDefinition
) -> None:
    """Keep a new pipeline with its first revision."""
    await transaction.execute(
        insert(pipelines).values(
            id=pipeline.id,
            name=pipeline.name,
            repository_id=pipeline.repository_id,
            definition=definition.document,
            version=definition.version,
            description=definition.description,
            created_at=pipeline.created_at,
            updated_at=pipeline.updated_at,
            created_by=pipeline.created_by,
            status=pipeline.status,
            path=pipeline.path,
        )
    )
    await _insert_revision(
        transaction, pipeline.id, 1, definition, pipeline.created_by or "", pipeline.created_at
    )


async def revive(
    transaction: Connection, pipeline_id: str, values: dict[str, Any], now: datetime
) -> bool:
    """Bring back a removed pipeline; whether there was one."""
    done = await transaction.execute(
        update(pipelines)
        .where(pipelines.c.id == pipeline_id, pipelines.c.removed_at.is_not(None))
        .values(removed_at=None, edition=pipelines.c.edition + 1, updated_at=now, **values)
    )
    return done.rowcount == 1


async def change(
    transaction: Connection, pipeline_id: str, values: dict[str, Any], now: datetime
) -> None:
    """Change columns of a pipeline; its edition grows."""
    await transaction.execute(
        update(pipelines)
        .where(pipelines.c.id == pipeline_id)
        .values(edition=pipelines.c.edition + 1, updated_at=now, **values)
    )


async def revision_of(
    transaction: Connection, pipeline_id: str, definition: NewDefinition, actor: str, now: datetime
) -> int:
    """The number of the revision with this text, which is kept now if it is new."""
    known = await transaction.scalar(
        select(pipeline_revisions.c.revision).where(
            pipeline_revisions.c.pipeline_id == pipeline_id,
            pipeline_revisions.c.digest == definition.digest,
        )
    )
    if known is not None:
        return int(known)
    newest = await transaction.scalar(
        select(func.max(pipeline_revisions.c.revision)).where(
            pipeline_revisions.c.pipeline_id == pipeline_id
        )
    )
    number = (newest or 0) + 1
    await _insert_revision(transaction, pipeline_id, number, definition, actor, now)
    return number


async def lock(transaction: Connection, pipeline_id: str) -> None:
    """Let no other transaction number runs or revisions of the pipeline until this one ends."""
    row = select(pipelines.c.id).where(pipelines.c.id == pipeline_id).with_for_update()
    await transaction.execute(row)


async def lock_names(transaction: Connection, repository_id: str) -> None:
    """Let no other transaction add pipelines to the repository until this one ends."""
    # SQLite has one writer at a time.
    if transaction.dialect.name == "postgresql":
        key = func.hashtext(f"pipelines of {repository_id}")
        await transaction.execute(select(func.pg_advisory_xact_lock(key)))


async def source(connection: Connection, pipeline_id: str, revision: int) -> str | None:
    """The text of a revision."""
    found = await connection.scalar(
        select(pipeline_revisions.c.source).where(
            pipeline_revisions.c.pipeline_id == pipeline_id,
            pipeline_revisions.c.revision == revision,
        )
    )
    return None if found is None else str(found)


async def has_active_run(connection: Connection, pipeline_id: str) -> bool:
    """Whether a run of the pipeline is not over."""
    query = select(pipeline_runs.c.id).where(
        pipeline_runs.c.pipeline_id == pipeline_id,
        pipeline_runs.c.status.in_(("pending", "running")),
    )
    return await connection.scalar(query.limit(1)) is not None


async def _insert_revision(
    transaction: Connection,
    pipeline_id: str,
    number: int,
    definition: NewDefinition,
    actor: str,
    now: datetime,
) -> None:
    await transaction.execute(
        insert(pipeline_revisions).values(
            pipeline_id=pipeline_id,
            revision=number,
            digest=definition.digest,
            source=definition.source,
            commit_sha=definition.commit_sha,
            created_at=now,
            created_by=actor,
        )
    )


def _filtered(query: Select[Any], wanted: Filter) -> Select[Any]:
    query = query.select_from(pipelines).where(_PRESENT)
    if wanted.repository_id is not None:
        query = query.where(pipelines.c.repository_id == wanted.repository_id)
    if wanted.status is not None:
        query = query.where(pipelines.c.status == wanted.status)
    return query


def _summary(row: RowMapping | None) -> PipelineSummary | None:
    return None if row is None else PipelineSummary.model_validate(row)


def _summaries(rows: Sequence[RowMapping]) -> list[PipelineSummary]:
    return [PipelineSummary.model_validate(row) for row in rows]
