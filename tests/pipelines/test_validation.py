"""Definitions that are looked at without running anything."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest, NotFound, Refused
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.resolution import Resolution
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.pipelines.validation import Validation
from tests.factories.git import commit
from tests.factories.runs import ACTOR, Project, run_settings

PLAN = """
name: plan
triggers: [{push: {branches: [main]}}]
stages:
  - name: checks
    jobs:
      - types: {script: "true", condition: "exists('tsconfig.json')"}
      - folder: {script: "true", condition: "exists('src')"}
  - name: deploy
    condition: branch == 'main'
    jobs:
      - ship: {script: "true"}
"""
BROKEN = """\
name: broken
stages:
  - name: one
    jobs:
      - a: {scirpt: "true"}
      - b: {script: "true", timeout: never}
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def validate(
    project: Project, source: str, event: Event, repository_id: str | None = None, ref: str = ""
) -> Validation:
    return await project.services.pipelines.validator.validate(source, event, repository_id, ref)


def decisions(found: Validation) -> dict[str, str]:
    assert found.resolution is not None
    return {job.id: job.decision for stage in found.resolution.stages for job in stage.jobs}


def plan_of(found: Validation) -> Resolution:
    assert found.resolution is not None
    return found.resolution


async def test_every_mistake_has_its_line_and_column(project: Project) -> None:
    found = await validate(project, BROKEN, Event())
    assert not found.valid
    assert found.resolution is None
    assert [(one.line, one.column) for one in found.problems] == [(5, 13), (6, 29)]
    assert "script" in found.problems[0].message


async def test_without_a_repository_files_are_not_guessed(project: Project) -> None:
    found = await validate(project, PLAN, Event(type="push", branch="main"))
    assert decisions(found) == {
        "checks/types": "depends",
        "checks/folder": "depends",
        "deploy/ship": "run",
    }
    assert found.commit_sha is None


async def test_in_a_repository_files_and_branch_are_those_of_the_ref(project: Project) -> None:
    sha = await commit(project.path, {"src/deep/a.ts": "x"})
    found = await validate(project, PLAN, Event(), project.repository_id)
    assert decisions(found) == {
        "checks/types": "skip",
        "checks/folder": "run",
        "deploy/ship": "run",
    }
    assert found.commit_sha == sha


async def test_an_event_says_what_fires_and_what_is_skipped(project: Project) -> None:
    found = await validate(project, PLAN, Event(type="push", branch="feature"))
    plan = plan_of(found)
    assert not plan.fires
    assert decisions(found)["deploy/ship"] == "skip"
    assert "main" in plan.stages[1].reason


async def test_a_simulation_resolves_as_a_start_and_starts_nothing(project: Project) -> None:
    pipeline = await project.define(PLAN, {"src/a": "x"})
    found = await project.services.pipelines.validator.simulate(pipeline, "", {})
    assert decisions(found)["checks/folder"] == "run"
    page = await project.services.pipelines.runs.list(Filter(), PageParams())
    assert page.items == []


async def test_a_simulation_of_a_broken_file_lists_its_mistakes(project: Project) -> None:
    pipeline = await project.define(PLAN)
    await commit(project.path, {".gitops/pipeline.yaml": BROKEN})
    found = await project.services.pipelines.validator.simulate(pipeline, "", {})
    assert (found.valid, len(found.problems)) == (False, 2)


async def test_a_simulation_raises_what_a_start_raises(project: Project) -> None:
    pipeline = await project.define(PLAN)
    validator = project.services.pipelines.validator
    with pytest.raises(NotFound):
        await validator.simulate(pipeline, "no-such-ref", {})
    with pytest.raises(InvalidRequest):
        await validator.simulate(pipeline, "", {"unknown": 1})
    async with project.acting("update_pipeline"):
        await project.services.pipelines.registry.update(pipeline, ACTOR, status="paused")
    with pytest.raises(Refused):
        await validator.simulate(pipeline, "", {})


async def test_an_unknown_repository_or_ref_is_not_found(project: Project) -> None:
    with pytest.raises(NotFound):
        await validate(project, PLAN, Event(), "acme/absent")
    with pytest.raises(NotFound):
        await validate(project, PLAN, Event(), project.repository_id, "no-such-ref")
