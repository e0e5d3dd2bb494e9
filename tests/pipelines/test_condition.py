"""The condition of pipelines: what waits, what runs, and whether somebody carries it out."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.executor.lock import ExecutorLock
from gitops_auditor.services import Services
from gitops_auditor.storage.pipeline_tables import pipeline_runs
from tests.factories.runs import Project, run_settings
from tests.pipelines.store.stored_runs import store_runs

ENDLESS = """
name: endless
stages: [{name: one, jobs: [{name: sleeps, script: sleep 600}]}]
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def store_waiting_run(services: Services, age: timedelta) -> None:
    await store_runs(services.database, "a" * 24)
    async with services.database.write() as transaction:
        await transaction.execute(
            update(pipeline_runs).values(status="pending", created_at=datetime.now(UTC) - age)
        )


async def test_a_run_is_counted_while_it_is_under_way(project: Project) -> None:
    await project.define(ENDLESS)
    started = await project.start()
    await project.until(started.id, lambda run: run.status == "running")
    health = await project.services.pipelines.condition.health()
    assert (health.status, health.figures["running"], health.figures["pending"]) == (
        "healthy",
        1,
        0,
    )
    assert health.figures["last_run"] == started.id
    await project.cancel(started.id)
    health = await project.services.pipelines.condition.health()
    assert health.figures["running"] == 0


async def test_a_run_that_nobody_takes_for_long_is_told_of(services: Services) -> None:
    """On PostgreSQL it is not, where the workers of other machines hold no lock here."""
    await store_waiting_run(services, timedelta(minutes=5))
    health = await services.pipelines.condition.health()
    is_local = services.database.dialect == "sqlite"
    assert health.status == ("degraded" if is_local else "healthy")
    assert ["serve" in reason for reason in health.reasons] == ([True] if is_local else [])
    lock = ExecutorLock(services.settings.data_dir)
    assert lock.acquire()
    try:
        assert (await services.pipelines.condition.health()).status == "healthy"
    finally:
        lock.release()


async def test_a_run_that_was_just_added_is_no_cause_for_alarm(services: Services) -> None:
    await store_waiting_run(services, timedelta(seconds=1))
    assert (await services.pipelines.condition.health()).status == "healthy"
