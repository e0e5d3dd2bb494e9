"""Pipelines that are stored here or defined by files: created, changed, found, removed."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, NotFound, Stale
from gitops_auditor.identity import LOCAL
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.definition import InvalidDefinition
from gitops_auditor.pipelines.records import Pipeline
from gitops_auditor.pipelines.service import Pipelines, file_pipeline_id
from gitops_auditor.pipelines.store.definitions import Filter
from tests.factories.git import commit, git, make_repository
from tests.factories.runs import ACTOR, DEFINITION, Project, run_settings

BUILD = """
name: build
description: Compiles
stages:
  - name: one
    jobs:
      - compile: {script: "true"}
"""
SLOW = BUILD.replace('"true"', "sleep 600")


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


@pytest.fixture
def registry(project: Project) -> Pipelines:
    return project.services.pipelines.registry


async def create(project: Project, source: str = BUILD, name: str | None = None) -> Pipeline:
    async with project.acting("create_pipeline"):
        registry = project.services.pipelines.registry
        return await registry.create(project.repository_id, source, ACTOR, name)


async def update(project: Project, pipeline_id: str, **changes: object) -> Pipeline:
    async with project.acting("update_pipeline"):
        registry = project.services.pipelines.registry
        return await registry.update(pipeline_id, ACTOR, **changes)  # type: ignore[arg-type]


async def remove(project: Project, pipeline_id: str, version: int | None = None) -> None:
    async with project.acting("delete_pipeline"):
        await project.services.pipelines.registry.remove(pipeline_id, version)


async def test_a_created_pipeline_shows_its_stages_and_runs(
    project: Project, registry: Pipelines
) -> None:
    pipeline = await create(project)
    assert (pipeline.name, pipeline.version, pipeline.revision) == ("build", 1, 1)
    assert pipeline.description == "Compiles"
    assert [(stage.name, stage.jobs) for stage in pipeline.stages] == [("one", ["compile"])]
    run = await project.run(pipeline.id)
    found = (await registry.get(pipeline.id)).last_run
    assert found is not None
    assert (found.id, found.status) == (run.id, "success")


async def test_a_name_is_taken_once_in_a_repository(project: Project) -> None:
    first = await create(project)
    with pytest.raises(Conflict, match=first.id):
        await create(project)
    assert (await create(project, name="other")).name == "other"


async def test_an_invalid_definition_creates_nothing_and_names_its_place(
    project: Project, registry: Pipelines
) -> None:
    with pytest.raises(InvalidDefinition, match="stages"):
        await create(project, "name: x\nstages: nothing\n")
    assert (await registry.list(Filter(), PageParams())).items == []


async def test_a_job_of_a_server_that_is_not_configured_is_refused(project: Project) -> None:
    calls = BUILD.replace('script: "true"', "mcp: no-such-server")
    with pytest.raises(InvalidDefinition, match="no-such-server"):
        await create(project, calls)


async def test_each_change_is_a_version_and_each_definition_a_revision(project: Project) -> None:
    pipeline = await create(project)
    changed = await update(project, pipeline.id, source=BUILD.replace("true", "false"))
    paused = await update(project, pipeline.id, status="paused")
    back = await update(project, pipeline.id, source=BUILD)
    assert [(one.version, one.revision) for one in (pipeline, changed, paused, back)] == [
        *((1, 1), (2, 2)),
        *((3, 2), (4, 1)),
    ]
    assert back.status == "paused"
    assert back.source.strip() == BUILD.strip()


async def test_a_change_of_another_version_is_stale(project: Project) -> None:
    pipeline = await create(project)
    await update(project, pipeline.id, status="paused", expected_version=1)
    with pytest.raises(Stale, match="version 2"):
        await update(project, pipeline.id, status="active", expected_version=1)
    with pytest.raises(Stale):
        await remove(project, pipeline.id, 1)


async def test_a_run_shows_the_definition_that_it_ran_after_an_update(project: Project) -> None:
    pipeline = await create(project)
    run = await project.run(pipeline.id)
    await update(project, pipeline.id, source=BUILD.replace("true", "false"))
    assert "true" in await project.services.pipelines.runs.source(run)
    assert (await project.run(pipeline.id)).status == "failed"


async def test_what_a_file_defines_is_changed_there_but_can_be_paused(project: Project) -> None:
    pipeline_id = await project.define(BUILD)
    with pytest.raises(Conflict, match=DEFINITION):
        await update(project, pipeline_id, source=BUILD)
    assert (await update(project, pipeline_id, status="paused")).status == "paused"


async def test_a_file_keeps_its_pipeline_whatever_it_says(
    project: Project, registry: Pipelines
) -> None:
    pipeline_id = await project.define(BUILD)
    assert await project.define(BUILD.replace("build", "renamed", 1)) == pipeline_id
    found = await registry.get(pipeline_id)
    assert (found.name, found.revision) == ("renamed", 2)
    await project.sync()
    assert (await registry.get(pipeline_id)).version == found.version


async def test_two_files_with_one_name_are_told_apart(
    project: Project, registry: Pipelines
) -> None:
    await project.define(BUILD, {".gitops/pipelines/other.yaml": BUILD})
    names = [one.name for one in (await registry.list(Filter(), PageParams())).items]
    assert names == ["build", "build (.gitops/pipelines/other.yaml)"]


async def test_removing_is_refused_while_a_run_is_active_and_keeps_history(
    project: Project, registry: Pipelines
) -> None:
    pipeline = await create(project, SLOW)
    run = await project.start(pipeline.id)
    with pytest.raises(Conflict, match="Cancel it"):
        await remove(project, pipeline.id)
    await project.cancel(run.id)
    await remove(project, pipeline.id)
    with pytest.raises(NotFound):
        await registry.get(pipeline.id)
    kept = await project.services.pipelines.runs.get(run.id)
    assert (kept.pipeline_id, kept.pipeline_name) == (pipeline.id, "build")
    with pytest.raises(NotFound):
        await project.start(pipeline.id)


async def test_the_name_of_a_removed_pipeline_is_free(project: Project) -> None:
    await remove(project, (await create(project)).id)
    assert (await create(project)).name == "build"


async def test_a_removed_file_pipeline_comes_back_with_its_history_when_it_is_synced(
    project: Project, registry: Pipelines
) -> None:
    pipeline_id = await project.define(BUILD)
    await project.run()
    before = await registry.get(pipeline_id)
    await remove(project, pipeline_id)
    await project.sync()
    found = await registry.get(pipeline_id)
    assert found.last_run_number == 1
    assert found.version > before.version
    assert found.updated_at > before.updated_at


async def test_a_pipeline_is_found_by_its_name_if_only_one_has_it(
    project: Project, registry: Pipelines, tmp_path: Path
) -> None:
    mine = await create(project)
    assert (await registry.find("build")).id == mine.id
    path = tmp_path / "other"
    await make_repository(path, {DEFINITION: BUILD}, origin="https://example.org/acme/other.git")
    async with project.acting("register_repository"):
        await project.services.repositories.register_path(path, LOCAL)
        await project.services.pipelines.firing.sync("acme/other", ACTOR)
    with pytest.raises(Conflict, match="several pipelines"):
        await registry.find("build")
    other = await registry.find("build", "acme/other")
    assert other.id == file_pipeline_id("acme/other", DEFINITION)
    with pytest.raises(NotFound, match="Did you mean build"):
        await registry.find("biuld")


async def test_a_pipeline_is_found_in_its_repository_however_many_are_named_alike(
    project: Project, registry: Pipelines, tmp_path: Path
) -> None:
    names = [f"like-{number:02}" for number in range(25)]
    source = tmp_path / "source"
    await make_repository(source, {DEFINITION: BUILD})
    for name in names:
        copy = tmp_path / name
        await git(tmp_path, "clone", "--quiet", "--bare", str(source), str(copy))
        await git(copy, "remote", "set-url", "origin", f"https://example.org/acme/{name}.git")
        async with project.acting("register_repository"):
            await project.services.repositories.register_path(copy, LOCAL)
            await project.services.pipelines.firing.sync(f"acme/{name}", ACTOR)
    for name in names:
        found = await registry.find("build", f"acme/{name}")
        assert found.repository_id == f"acme/{name}"


async def test_pipelines_are_listed_by_name_in_pages(project: Project, registry: Pipelines) -> None:
    for name in ("c", "a", "b"):
        await create(project, name=name)
    first = await registry.list(Filter(), PageParams(limit=2))
    second = await registry.list(Filter(), PageParams(limit=2, cursor=first.next_cursor))
    assert [one.name for one in (*first.items, *second.items)] == ["a", "b", "c"]
    assert (first.total, second.next_cursor) == (3, None)


async def test_a_file_that_is_broken_on_the_default_branch_leaves_what_was_known(
    project: Project, registry: Pipelines
) -> None:
    pipeline_id = await project.define(BUILD)
    await commit(project.path, {DEFINITION: "name: [\n"})
    async with project.acting("sync_pipelines"):
        report = await project.services.pipelines.firing.sync(project.repository_id, ACTOR)
    assert list(report.problems) == [DEFINITION]
    assert (await registry.get(pipeline_id)).revision == 1
