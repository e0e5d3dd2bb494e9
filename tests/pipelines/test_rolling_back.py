"""Runs whose rollback jobs run on request, after the end."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, NotFound
from gitops_auditor.pipelines.rolling_back import RollingBack
from tests.factories.runs import Project, job_of, run_settings

DEFINITION = """
name: deploy
stages:
  - name: deploy
    jobs:
      - first: {script: "true"}
      - second: {script: 'test ! -e wait || while true; do sleep 0.05; done'}
rollback:
  - back: {script: "true", condition: failure()}
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@pytest.fixture
def rolling(project: Project) -> RollingBack:
    pipelines = project.services.pipelines
    return RollingBack(pipelines.runs, pipelines.launcher)


async def test_only_the_rollback_jobs_of_a_run_run_and_once(
    project: Project, rolling: RollingBack
) -> None:
    await project.define(DEFINITION)
    first = await project.run()
    assert job_of(first, "rollback/back").status == "skipped"
    async with project.acting("roll_back_run"):
        started = await rolling.start(first.id, "test")
        again = await rolling.start(first.id, "test")
    assert started is not None
    assert again is not None
    assert again.id == started.id
    back = await project.ended(started.id)
    assert (back.status, back.rerun_of, back.commit_sha) == ("success", first.id, first.commit_sha)
    assert [(one.job, one.attempt) for one in back.jobs] == [
        ("deploy/first", 0),
        ("deploy/second", 0),
        ("rollback/back", 1),
    ]


async def test_a_run_that_goes_on_is_not_rolled_back(
    project: Project, rolling: RollingBack
) -> None:
    await project.define(DEFINITION, {"wait": ""})
    going = await project.start()
    with pytest.raises(Conflict):
        await rolling.start(going.id, "test")
    await project.cancel(going.id)
    async with project.acting("roll_back_run"):
        started = await rolling.start(going.id, "test")
    assert started is not None
    back = await project.ended(started.id)
    assert job_of(back, "rollback/back").status == "success"
    assert job_of(back, "deploy/second").status == "skipped"


async def test_a_definition_without_rollback_has_nothing_to_start(
    project: Project, rolling: RollingBack
) -> None:
    await project.define(DEFINITION.partition("\nrollback:")[0])
    first = await project.run()
    assert await rolling.start(first.id, "test") is None
    with pytest.raises(NotFound):
        await rolling.start("0" * 24, "test")
