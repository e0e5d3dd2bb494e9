"""Runs that are repeated, whole or in part."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, NotFound
from gitops_auditor.pipelines.reruns import Everything, FromJob, OnlyFailed
from tests.factories.git import commit
from tests.factories.runs import DEFINITION, Project, job_of, run_settings

BUILD = """
name: build
stages:
  - name: build
    jobs:
      - compile:
          script: 'echo "version=1.2" >> "$GITOPS_OUTPUT"'
          outputs: version
  - name: test
    jobs:
      - unit: {script: 'echo "tests $OUTPUT_COMPILE_VERSION"; exit %s'}
  - name: deploy
    jobs:
      - ship: {script: "true"}
"""
FAILS = BUILD.replace("%s", "1")
WORKS = BUILD.replace("%s", "0")


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def test_what_failed_is_repeated_and_what_succeeded_keeps_its_outputs(
    project: Project,
) -> None:
    await project.define(FAILS)
    first = await project.run()
    again = await project.rerun(first.id, OnlyFailed())
    kept = job_of(again, "build/compile")
    assert (kept.status, kept.attempt) == ("success", 0)
    assert kept.outputs == job_of(first, "build/compile").outputs == {"version": "1.2"}
    assert job_of(again, "test/unit").attempt == 1
    assert "tests 1.2" in await project.log(again, "test/unit")
    assert (again.rerun_of, again.run_number) == (first.id, 2)


async def test_what_kept_jobs_left_in_the_checkout_is_there_for_those_that_are_repeated(
    project: Project,
) -> None:
    made = BUILD.replace('echo "version=1.2"', 'echo built > made.txt; echo "version=1.2"')
    await project.define(
        made.replace("exit %s", "test -e go || { touch go; exit 1; }; cat made.txt")
    )
    first = await project.run()
    again = await project.rerun(first.id, OnlyFailed())
    assert (first.status, again.status) == ("failed", "success")
    assert "built" in await project.log(again, "test/unit")


async def test_a_whole_repetition_begins_in_a_fresh_checkout(project: Project) -> None:
    await project.define(BUILD.replace("exit %s", "test -e go || { touch go; exit 1; }"))
    first = await project.run()
    again = await project.rerun(first.id, Everything())
    assert again.status == "failed"


async def test_a_repetition_executes_the_same_commit_and_definition(project: Project) -> None:
    await project.define(FAILS)
    first = await project.run()
    await commit(project.path, {DEFINITION: WORKS})
    again = await project.rerun(first.id, Everything())
    assert (again.commit_sha, again.revision) == (first.commit_sha, first.revision)
    assert again.status == "failed"
    assert [job.attempt for job in again.jobs] == [1, 1, 0]


async def test_from_a_job_on_it_and_what_follows_runs_again(project: Project) -> None:
    await project.define(WORKS)
    first = await project.run()
    assert first.status == "success"
    again = await project.rerun(first.id, FromJob("test/unit"))
    assert [job.attempt for job in again.jobs] == [0, 1, 1]
    assert again.status == "success"


async def test_nothing_failed_is_not_repeated_as_failed(project: Project) -> None:
    await project.define(WORKS)
    first = await project.run()
    with pytest.raises(Conflict, match="Nothing failed"):
        await project.rerun(first.id, OnlyFailed())
    with pytest.raises(NotFound, match="absent"):
        await project.rerun(first.id, FromJob("absent"))


async def test_a_run_that_is_not_over_is_not_repeated(project: Project) -> None:
    await project.define(WORKS.replace("true", "sleep 600"))
    run = await project.start()
    with pytest.raises(Conflict, match="cannot be repeated"):
        await project.rerun(run.id, Everything())
    await project.cancel(run.id)


async def test_a_run_that_exceeded_its_time_is_repeated_as_failed(project: Project) -> None:
    slow = WORKS.replace("name: build\n", "name: build\ntimeout: 1\n", 1)
    await project.define(slow.replace('echo "tests $OUTPUT_COMPILE_VERSION"', "sleep 30"))
    first = await project.run()
    assert (first.status, first.failure_kind) == ("failed", "timeout")
    again = await project.rerun(first.id, OnlyFailed())
    assert job_of(again, "build/compile").attempt == 0
    assert job_of(again, "test/unit").attempt == 1
