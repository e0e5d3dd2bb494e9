"""Rows of runs for what hangs on them."""

from datetime import UTC, datetime

from sqlalchemy import insert

from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import pipeline_runs, pipelines

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def store_runs(database: Database, *ids: str) -> None:
    """One pipeline, and a run of it for each id."""
    async with database.write() as transaction:
        await transaction.execute(
            insert(pipelines),
            {
                "id": "p1",
                "name": "build",
                "repository_id": "r1",
                "definition": {},
                "version": "2.0",
            },
        )
        for number, run_id in enumerate(ids, start=1):
            await transaction.execute(
                insert(pipeline_runs),
                {"id": run_id, "pipeline_id": "p1", "run_number": number, "status": "running"},
            )
