"""How plans are doing."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gitops_auditor.health import ComponentHealth
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.storage.database import Database

PATIENCE: Final = timedelta(seconds=60)
"""How long a plan may wait for a process that carries it out."""


class PlanCondition:
    """Looks for plans that nobody carries out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def health(self) -> ComponentHealth:
        """Degraded when a plan waits for over a minute and no process takes it.

        `held` counts plans that wait for a person; that is their state, not a fault of ours.
        """
        async with self._database.read() as connection:
            counts = await store.counts(connection)
            stranded = await store.stranded(connection, datetime.now(UTC) - PATIENCE)
        return ComponentHealth(
            name="plans",
            status="degraded" if stranded else "healthy",
            reasons=[f"Nobody carries out plan {plan_id}." for plan_id in stranded],
            figures={
                "plans": sum(counts.values()),
                "executing": counts.get("executing", 0) + counts.get("rolling_back", 0),
                "held": counts.get("held", 0),
            },
        )
