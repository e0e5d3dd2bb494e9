"""Is the schema current, and if not: bring it there. Alembic is loaded only to migrate."""

from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gitops_auditor.storage.database import Database

HEAD = "0004"
"""The newest revision under `migrations/versions`; a test compares."""


class UpgradeReport(NamedTuple):
    """What an upgrade did. `before` is None for a new database, which needs no `backup`."""

    before: str | None
    after: str
    backup: Path | None

    @property
    def changed(self) -> bool:
        """Whether any revision was applied."""
        return self.before != self.after


async def current_revision(database: Database) -> str | None:
    """The revision of the schema, or None when the database was never migrated."""
    try:
        async with database.read() as connection:
            found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    except DBAPIError:
        return None
    return None if found is None else str(found)


async def is_current(database: Database) -> bool:
    """Whether the schema is the one this code was written for. One SELECT.

    Raises Unavailable when the database cannot be reached.
    """
    return await current_revision(database) == HEAD


async def upgrade(database_url: str, data_dir: Path) -> UpgradeReport:
    """Bring the schema to `HEAD`, once, however many processes start at the same moment.

    An existing database is copied to `data_dir/backups` before. All revisions are applied or none.
    Raises Conflict when a newer version of the program wrote the database, Unavailable when it
    cannot be reached, locked or copied.
    """
    from gitops_auditor.storage.migrate import migrate  # noqa: PLC0415 - Alembic takes 0.2 s to import

    return await anyio.to_thread.run_sync(migrate, database_url, data_dir, HEAD)
