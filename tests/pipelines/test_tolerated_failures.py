"""A failure that is allowed is shown as one, and is not taken for the cause of another."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from tests.factories.runs import Project, run_settings

ALLOWED_FIRST = """
name: p
stages:
  - name: checks
    parallel: true
    jobs:
      - audit: {script: exit 3, allow_failure: true}
      - lint: {script: "true"}
  - name: test
    jobs:
      - unit: {script: exit 4}
"""
ONLY_ALLOWED = """
name: p
stages: [{name: checks, jobs: [{name: audit, script: exit 3, allow_failure: true}]}]
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def test_the_failure_that_counts_is_explained_before_one_that_was_allowed(
    project: Project,
) -> None:
    await project.define(ALLOWED_FIRST)
    run = await project.run()
    assert run.status == "failed"
    assert {job.job: job.tolerated for job in run.jobs if job.status == "failed"} == {
        "checks/audit": True,
        "test/unit": False,
    }
    found = await project.services.pipelines.explainer.explain(run.id, None, 1000)
    assert (found.job, found.other_failures) == ("test/unit", ["checks/audit"])


async def test_an_allowed_failure_can_be_explained_though_the_run_succeeded(
    project: Project,
) -> None:
    await project.define(ONLY_ALLOWED)
    run = await project.run()
    assert (run.status, run.jobs[0].tolerated) == ("success", True)
    found = await project.services.pipelines.explainer.explain(run.id, None, 1000)
    assert found.cause.startswith("It ended with exit code 3.")
