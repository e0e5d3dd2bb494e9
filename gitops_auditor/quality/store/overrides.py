"""Who let which failed gate pass, for which tree, and why."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from gitops_auditor.quality.results import Override
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.quality_tables import quality_overrides

_COLUMNS = (
    quality_overrides.c.id,
    quality_overrides.c.repository_id,
    quality_overrides.c.gate_id,
    quality_overrides.c.tree_sha.label("tree"),
    quality_overrides.c.reason,
    quality_overrides.c.created_by,
    quality_overrides.c.created_at,
)


async def insert_override(transaction: AsyncConnection, override: Override) -> None:
    """Keep an override."""
    values = dict(override)
    values["tree_sha"] = values.pop("tree")
    await transaction.execute(insert(quality_overrides).values(values))


async def of_tree(
    connection: AsyncConnection, repository_id: str, tree: str, gate_ids: Sequence[str]
) -> dict[str, Override]:
    """The newest override of each gate for these files, by the id of the gate."""
    query = (
        select(*_COLUMNS)
        .where(
            quality_overrides.c.repository_id == repository_id,
            quality_overrides.c.tree_sha == tree,
            quality_overrides.c.gate_id.in_(gate_ids),
        )
        .order_by(quality_overrides.c.id)
    )
    rows = (await connection.execute(query)).mappings()
    return {row["gate_id"]: Override.model_validate(row) for row in rows}


async def page(
    connection: AsyncConnection, repository_id: str | None, before: str | None, limit: int
) -> list[Override]:
    """Overrides, newest first, those before an id."""
    query = select(*_COLUMNS).order_by(quality_overrides.c.id.desc()).limit(limit)
    if repository_id is not None:
        query = query.where(quality_overrides.c.repository_id == repository_id)
    if before is not None:
        query = query.where(quality_overrides.c.id < before)
    rows = (await connection.execute(query)).mappings()
    return [Override.model_validate(row) for row in rows]
