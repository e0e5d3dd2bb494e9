"""Whether the database answers and has the schema that this code was written for."""

from gitops_auditor.errors import Unavailable
from gitops_auditor.health import ComponentHealth
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.schema import current_revision


async def database_health(database: Database) -> ComponentHealth:
    """Degraded when the database does not answer; never raises."""
    try:
        revision = await current_revision(database)
    except Unavailable as absent:
        return ComponentHealth(name="database", status="degraded", reasons=[str(absent)])
    return ComponentHealth(
        name="database",
        status="healthy",
        figures={"dialect": database.dialect, "schema": revision},
    )
