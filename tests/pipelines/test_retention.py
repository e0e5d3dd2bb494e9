"""Runs that are forgotten with everything that was kept of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.retention import BATCH, Cleanup
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.storage.pipeline_tables import pipeline_runs, pipelines
from tests.factories.runs import Project, run_settings
from tests.pipelines.store.stored_runs import store_runs

KEEPS = """
name: keeps
stages:
  - name: one
    jobs:
      - makes: {script: "echo x > kept.txt", artifacts: [kept.txt]}
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def cleanup(project: Project, *, keep: int, dry_run: bool = False) -> Cleanup:
    async with project.acting("cleanup_runs"):
        retention = project.services.pipelines.retention
        return await retention.cleanup(0, keep, dry_run=dry_run)


async def listed(project: Project) -> list[str]:
    page = await project.services.pipelines.runs.list(Filter(), PageParams())
    return [run.id for run in page.items]


def files_of(folder: Path, run_id: str) -> list[Path]:
    return [path for path in folder.rglob("*") if run_id in str(path)]


async def test_old_runs_go_with_logs_and_artifacts_and_the_newest_stay(project: Project) -> None:
    await project.define(KEEPS)
    runs = [(await project.run()).id for _ in range(3)]
    data = project.services.settings.data_dir
    assert all(files_of(data, run_id) for run_id in runs)
    done = await cleanup(project, keep=1)
    assert (done.removed, [run.id for run in done.runs]) == (2, runs[:2])
    assert await listed(project) == [runs[2]]
    assert not files_of(data, runs[0])
    assert files_of(data, runs[2])
    with pytest.raises(NotFound):
        await project.services.pipelines.runs.get(runs[0])


async def test_a_dry_run_says_what_is_to_go_and_takes_nothing(project: Project) -> None:
    await project.define(KEEPS)
    runs = [(await project.run()).id for _ in range(2)]
    done = await cleanup(project, keep=1, dry_run=True)
    assert (done.removed, done.dry_run, [run.id for run in done.runs]) == (1, True, runs[:1])
    assert await listed(project) == runs[::-1]


async def test_numbers_go_on_after_a_cleanup(project: Project) -> None:
    await project.define(KEEPS)
    await project.run()
    await cleanup(project, keep=0)
    assert (await project.run()).run_number == 2


async def test_runs_that_are_not_over_stay(project: Project) -> None:
    await project.define(KEEPS.replace("echo x", "sleep 600; echo x"))
    run = await project.start()
    assert (await cleanup(project, keep=0)).removed == 0
    await project.cancel(run.id)


async def test_more_runs_than_go_at_a_time_are_all_counted_and_all_go(project: Project) -> None:
    many = BATCH + 50
    await store_runs(project.services.database, *(f"{number:024x}" for number in range(many)))
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    async with project.services.database.write() as transaction:
        await transaction.execute(
            update(pipeline_runs).values(
                status="success", completed_at=long_ago, created_at=long_ago, started_at=long_ago
            )
        )
        await transaction.execute(update(pipelines).values(last_run_number=many))
    assert (await cleanup(project, keep=0, dry_run=True)).removed == many
    assert (await cleanup(project, keep=0)).removed == many
    assert await listed(project) == []
