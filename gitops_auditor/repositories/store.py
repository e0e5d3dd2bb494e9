"""The table of repositories. Removed ones stay, marked, so that their ids keep their history."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, func, insert, select, text, update

from gitops_auditor.repositories.models import Repository
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import repositories

Connection = AsyncConnection
"""A connection or transaction, for those that only pass it on."""

_COLUMNS = [repositories.c[name] for name in Repository.model_fields]
_NAMES = tuple(Repository.model_fields)
_ACTIVE = repositories.c.removed_at.is_(None)

# Made once: to build a statement takes as long as to run one of these.
_GET = select(*_COLUMNS).where(_ACTIVE, repositories.c.id == bindparam("id"))
_PAGE = (
    select(*_COLUMNS)
    .where(_ACTIVE, repositories.c.id > bindparam("after"))
    .order_by(repositories.c.id)
    .limit(bindparam("most"))
)
_COUNT = select(func.count()).select_from(repositories).where(_ACTIVE)


async def lock(transaction: AsyncConnection) -> None:
    """Keep every other writer of this table out until the transaction ends: call it first.

    What is decided after it, on what is read after it, still holds when it is written. SQLite lets
    one writer in at a time anyhow.
    """
    if transaction.dialect.name == "postgresql":
        await transaction.execute(text("LOCK TABLE repositories IN SHARE ROW EXCLUSIVE MODE"))


async def active(connection: AsyncConnection) -> list[Repository]:
    """Every registered repository, by id."""
    query = select(*_COLUMNS).where(_ACTIVE).order_by(repositories.c.id)
    return [_repository(row) for row in await connection.execute(query)]


async def removed(connection: AsyncConnection) -> list[Repository]:
    """Every repository that was removed."""
    query = select(*_COLUMNS).where(~_ACTIVE)
    return [_repository(row) for row in await connection.execute(query)]


async def page(connection: AsyncConnection, after: str, limit: int) -> list[Repository]:
    """At most `limit` registered repositories whose ids come after `after`."""
    rows = await connection.execute(_PAGE, {"after": after, "most": limit})
    return [_repository(row) for row in rows]


async def count(connection: AsyncConnection) -> int:
    """How many repositories are registered."""
    return await connection.scalar(_COUNT) or 0


async def get(connection: AsyncConnection, repository_id: str) -> Repository | None:
    """The registered repository with this id."""
    row = (await connection.execute(_GET, {"id": repository_id})).first()
    return _repository(row) if row is not None else None


async def get_alike(connection: AsyncConnection, repository_id: str) -> Repository | None:
    """The registered repository whose id is this one but for upper and lower case."""
    alike = func.lower(repositories.c.id) == repository_id.lower()
    row = (await connection.execute(select(*_COLUMNS).where(_ACTIVE, alike))).first()
    return _repository(row) if row is not None else None


async def get_by_path(connection: AsyncConnection, path: str) -> Repository | None:
    """The registered repository at this path."""
    query = select(*_COLUMNS).where(_ACTIVE, repositories.c.path == path)
    row = (await connection.execute(query)).first()
    return _repository(row) if row is not None else None


async def ids(connection: AsyncConnection) -> list[str]:
    """The ids of all registered repositories."""
    query = select(repositories.c.id).where(_ACTIVE)
    return [str(found) for found in await connection.scalars(query)]


async def save(transaction: AsyncConnection, repository: Repository) -> Repository:
    """Add a repository, or bring back a removed one of the same id; returns it as stored."""
    values = {**repository.model_dump(), "removed_at": None}
    brought_back = (
        update(repositories)
        .where(repositories.c.id == repository.id, ~_ACTIVE)
        .values({**values, "version": repositories.c.version + 1})
        .returning(repositories.c.version)
    )
    version = await transaction.scalar(brought_back)
    if version is not None:
        return repository.model_copy(update={"version": version})
    await transaction.execute(insert(repositories).values(values))
    return repository


async def change(
    transaction: AsyncConnection, repository: Repository, values: Mapping[str, Any], now: datetime
) -> Repository:
    """Write some columns of a registered repository and count its version up."""
    written = {**values, "version": repository.version + 1, "updated_at": now}
    await transaction.execute(
        update(repositories).where(repositories.c.id == repository.id).values(written)
    )
    return repository.model_copy(update=written)


async def mark_removed(transaction: AsyncConnection, repository: Repository, now: datetime) -> None:
    """Take a repository out of the registry."""
    await change(transaction, repository, {"removed_at": now}, now)


def _repository(row: Row[Any]) -> Repository:
    values: Sequence[Any] = row
    # Checked, and yet faster than `model_construct`.
    return Repository.model_validate(dict(zip(_NAMES, values, strict=True)))
