"""The condition of pipelines: what waits, what runs, and whether somebody carries it out."""

from datetime import UTC, datetime, timedelta
from typing import Final

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.health import ComponentHealth
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.executor.lock import ExecutorLock
from gitops_auditor.pipelines.runs import Runs
from gitops_auditor.pipelines.store import runs as store
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.storage.database import Database

STUCK_SECONDS: Final = 60


class PipelineCondition:
    """Looks at the queue; it runs nothing."""

    def __init__(self, database: Database, runs: Runs, settings: Settings) -> None:
        self._database = database
        self._runs = runs
        self._settings = settings
        self._lock = ExecutorLock(settings.data_dir)

    async def health(self) -> ComponentHealth:
        """Degraded when a run waits for long and no process of the data folder carries runs out."""
        async with self._database.read() as connection:
            unfinished = await store.unfinished(connection)
        is_served = not await anyio.to_thread.run_sync(self._lock.is_free)
        last = await self._runs.list(Filter(), PageParams(limit=1))
        reasons = [] if is_served or not await self._is_stuck() else [_STUCK]
        return ComponentHealth(
            name="pipelines",
            status="degraded" if reasons else "healthy",
            reasons=reasons,
            figures={
                "pending": unfinished.get("pending", 0),
                "running": unfinished.get("running", 0),
                "workers": self._settings.pipeline_worker_count,
                "executor": is_served,
                "last_run": last.items[0].id if last.items else None,
            },
        )

    async def _is_stuck(self) -> bool:
        if self._database.dialect != "sqlite":
            # Workers of other machines hold no lock here.
            return False
        pending = await self._runs.list(Filter(status="pending"), PageParams(limit=1))
        long_ago = datetime.now(UTC) - timedelta(seconds=STUCK_SECONDS)
        return any(one.created_at < long_ago for one in pending.items)


_STUCK: Final = (
    "A run waits and no process carries runs out: start `gitops-auditor serve`, or look at"
    " executor.log in the data folder."
)
