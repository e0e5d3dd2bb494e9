"""Forgets runs that ended long ago, with everything that is kept of them."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.events import EventLog
from gitops_auditor.identity import SYSTEM
from gitops_auditor.pipelines.jobs.artifacts import RunArtifacts
from gitops_auditor.pipelines.logs import Logs
from gitops_auditor.pipelines.records import Record, RunSummary
from gitops_auditor.pipelines.service import CHANNEL
from gitops_auditor.pipelines.store import runs as store
from gitops_auditor.pipelines.store import triggers
from gitops_auditor.storage.database import Database

BATCH: Final = 200
LISTED: Final = 100
RUNS_KEPT: Final = 10
"""Newest runs of each pipeline that no age takes away by itself."""
TRIGGERS_KEPT_DAYS: Final = 30
"""Long enough for a sender to repeat a webhook, and for people to ask what became of one."""


class Cleanup(Record):
    """How many runs went, or are to go, and the oldest of them."""

    removed: int
    dry_run: bool
    runs: list[RunSummary]


class Retention:
    """Removes logs and artifacts first: what is lost in a crash between is a row, never a file."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        logs: Logs,
        artifacts: RunArtifacts,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._logs = logs
        self._artifacts = artifacts

    async def cleanup(self, days: int, keep: int, *, dry_run: bool) -> Cleanup:
        """Forget runs that ended `days` ago, but for the newest `keep` of each pipeline.

        Must run inside an audited operation.
        """
        moment = datetime.now(UTC) - timedelta(days=days)
        listed: list[RunSummary] = []
        count, after = 0, ""
        while True:
            async with self._database.read() as connection:
                found = await store.finished_before(connection, moment, keep, BATCH, after)
            listed = listed or found[:LISTED]
            count += len(found) if dry_run else await self._remove(found)
            if len(found) < BATCH:
                return Cleanup(removed=count, dry_run=dry_run, runs=listed)
            after = found[-1].id

    async def forget(self, runs_kept_days: int) -> None:
        """Take away what the settings do not keep: artifacts, webhooks and, unless 0, old runs."""
        now = datetime.now(UTC)
        while await self._artifacts.expire(now):
            pass
        async with self._database.write() as transaction:
            await triggers.forget(transaction, now - timedelta(days=TRIGGERS_KEPT_DAYS))
        if runs_kept_days:
            about = {"days": runs_kept_days, "keep": RUNS_KEPT}
            async with self._audit.operation(SYSTEM.name, "cleanup_runs", about):
                await self.cleanup(runs_kept_days, RUNS_KEPT, dry_run=False)

    async def _remove(self, runs: list[RunSummary]) -> int:
        if not runs:
            return 0
        for run in runs:
            await self._logs.delete(run.id)
            await self._artifacts.delete(run.id)
        ids = [run.id for run in runs]
        async with self._database.write() as transaction:
            removed = await store.delete_runs(transaction, ids)
            await self._audit.effect(transaction, {"runs": ids}, None)
            data = {"removed": removed}
            await self._events.append(transaction, CHANNEL, "pipeline.runs.removed", data)
        return removed
