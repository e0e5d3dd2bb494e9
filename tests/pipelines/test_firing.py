"""Events that start pipelines, and files that define them."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.events import Event as Recorded
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.service import file_pipeline_id
from gitops_auditor.pipelines.sources import MAX_BYTES
from gitops_auditor.pipelines.store.definitions import Filter
from gitops_auditor.pipelines.store.runs import Filter as RunFilter
from gitops_auditor.pipelines.trigger_models import Event
from tests.factories.git import commit, git
from tests.factories.runs import ACTOR, DEFINITION, Project, run_settings

PUSHED = """
name: pushed
triggers:
  - push: {branches: [main], paths: ["src/**"]}
stages: [{name: one, jobs: [{name: say, script: "echo ONE"}]}]
"""
ANY = """
name: any
triggers: [push]
stages: [{name: one, jobs: [{name: say, script: "true"}]}]
"""
NIGHTLY = """
name: nightly
triggers: [{schedule: "0 3 * * *"}]
stages: [{name: one, jobs: [{name: say, script: "true"}]}]
"""
OTHER = ".gitops/pipelines/other.yaml"


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


def push(branch: str = "main", *paths: str) -> Event:
    return Event(type="push", branch=branch, changed_paths=paths or None)


async def fire(project: Project, event: Event, commit_sha: str, key: str = "k") -> list[str]:
    async with project.acting("fire"):
        firing = project.services.pipelines.firing
        return await firing.fire(project.repository_id, event, commit_sha, ACTOR, key)


async def refusals(project: Project) -> list[str]:
    """Why pipelines were refused, as the event log has it."""
    found = []
    async for event in project.services.events.follow(0, ["pipelines"]):
        if isinstance(event, Recorded):
            if event.name == "pipeline.refused":
                found.append(str(event.data["reason"]))
            if event.name == "end":
                return found
    return found


async def end_of_events(project: Project) -> None:
    async with project.services.database.write() as transaction:
        await project.services.events.append(transaction, "pipelines", "end", {})


async def test_a_push_starts_the_pipelines_that_it_is_for_once(project: Project) -> None:
    sha = await commit(project.path, {DEFINITION: PUSHED, OTHER: ANY})
    started = await fire(project, push("main", "src/a.py"), sha)
    again = await fire(project, push("main", "src/a.py"), sha)
    elsewhere = await fire(project, push("main", "README.md"), sha, "k2")
    runs = [await project.ended(run_id) for run_id in started]
    assert sorted(run.pipeline_name for run in runs) == ["any", "pushed"]
    assert {(run.trigger_type, run.commit_sha, run.ref) for run in runs} == {("push", sha, "main")}
    assert sorted(again) == sorted(started)
    assert [(await project.ended(one)).pipeline_name for one in elsewhere] == ["any"]


async def test_a_push_runs_the_definition_of_its_commit(project: Project) -> None:
    old = await commit(project.path, {DEFINITION: PUSHED})
    await commit(project.path, {DEFINITION: PUSHED.replace("ONE", "TWO")})
    (run_id,) = await fire(project, push(), old)
    assert "ONE" in await project.log(await project.ended(run_id), "one/say")


async def test_a_paused_pipeline_is_not_started(project: Project) -> None:
    pipeline = await project.define(ANY)
    async with project.acting("update_pipeline"):
        await project.services.pipelines.registry.update(pipeline, ACTOR, status="paused")
    head = await git(project.path, "rev-parse", "HEAD")
    assert await fire(project, push(), head) == []


async def test_a_file_that_cannot_be_read_is_announced_and_hinders_no_other(
    project: Project,
) -> None:
    sha = await commit(project.path, {DEFINITION: "name: [\n", OTHER: ANY})
    started = await fire(project, push(), sha)
    await end_of_events(project)
    assert [(await project.ended(one)).pipeline_name for one in started] == ["any"]
    (reason,) = await refusals(project)
    assert reason.startswith(DEFINITION)


async def test_a_file_that_is_too_large_is_told_of_as_any_that_cannot_be_read(
    project: Project,
) -> None:
    sha = await commit(project.path, {DEFINITION: "#" * (MAX_BYTES + 1), OTHER: ANY})
    started = await fire(project, push(), sha)
    await end_of_events(project)
    assert [(await project.ended(one)).pipeline_name for one in started] == ["any"]
    (reason,) = await refusals(project)
    assert reason.startswith(DEFINITION)


async def test_a_branch_without_the_file_of_a_pipeline_starts_it_not_and_refuses_nothing(
    project: Project,
) -> None:
    before = await git(project.path, "rev-parse", "HEAD")
    await project.define(ANY)
    assert await fire(project, push("old"), before) == []
    await end_of_events(project)
    assert await refusals(project) == []


@pytest.mark.parametrize("event", [push("feature"), Event(type="push", tag="v1")])
async def test_what_is_not_the_default_branch_brings_pipelines_but_changes_none(
    project: Project, event: Event
) -> None:
    known = await project.define(ANY)
    await git(project.path, "switch", "--quiet", "--create", "feature")
    sha = await commit(project.path, {DEFINITION: ANY.replace("any", "changed"), OTHER: PUSHED})
    await fire(project, event, sha)
    registry = project.services.pipelines.registry
    assert (await registry.get(known)).name == "any"
    names = {one.name for one in (await registry.list(Filter(), PageParams())).items}
    assert names == {"any", "pushed"}


async def test_a_stranger_proposes_no_definition(project: Project) -> None:
    await project.define(ANY.replace("push", "pull_request"))
    await git(project.path, "switch", "--quiet", "--create", "proposal")
    hostile = ANY.replace("push", "pull_request").replace('"true"', "echo HOSTILE")
    sha = await commit(project.path, {DEFINITION: hostile})
    event = Event(type="pull_request", branch="mallory:main", base_branch="main", action="opened")
    (run_id,) = await fire(project, event, sha)
    run = await project.ended(run_id)
    assert run.commit_sha == sha
    assert "HOSTILE" not in await project.services.pipelines.runs.source(run)


async def test_pipelines_with_a_schedule_are_known_and_start_by_time_once(
    project: Project,
) -> None:
    await project.define(NIGHTLY, {OTHER: ANY})
    firing = project.services.pipelines.firing
    (planned,) = await firing.scheduled()
    assert planned.pipeline_id == file_pipeline_id(project.repository_id, DEFINITION)
    event = Event(type="schedule", cron="0 3 * * *")
    async with project.acting("fire"):
        first = await firing.fire_schedule(planned.pipeline_id, event, ACTOR, "03:00")
        second = await firing.fire_schedule(planned.pipeline_id, event, ACTOR, "03:00")
    assert first == second
    assert first is not None
    run = await project.ended(first)
    assert (run.trigger_type, run.ref) == ("schedule", "main")


async def test_what_is_not_there_is_not_found_and_starts_nothing(project: Project) -> None:
    await project.define(ANY)
    with pytest.raises(NotFound):
        await fire(project, push(), "0" * 40)
    page = await project.services.pipelines.runs.list(RunFilter(), PageParams())
    assert page.items == []
