"""Definitions are saved where several platforms reach them, and loaded from there."""

from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound, Refused
from gitops_auditor.pipelines.storing import INDEX, LoadedPipelines, SavedPipelines
from tests.factories.runs import ACTOR, Project, run_settings

BUILD = "name: build\nstages: [{name: s, jobs: [{name: j, script: 'true'}]}]\n"
DEPLOY = BUILD.replace("build", "deploy & more")
OTHER = BUILD.replace("true", "false")


@pytest.fixture
def settings(settings: Settings, runs_in: Path, tmp_path: Path) -> Settings:
    place = {"pipeline_storage_url": str(tmp_path / "saved")}
    return settings.model_copy(update=run_settings(runs_in) | place)


async def create(project: Project, source: str) -> str:
    async with project.acting("create_pipeline"):
        registry = project.services.pipelines.registry
        return (await registry.create(project.repository_id, source, ACTOR)).id


async def save(project: Project) -> SavedPipelines:
    async with project.acting("save_pipelines"):
        return await project.services.pipelines.storage.save()


async def load(project: Project, *, dry_run: bool = False) -> LoadedPipelines:
    async with project.acting("load_pipelines"):
        return await project.services.pipelines.storage.load(ACTOR, dry_run=dry_run)


async def remove(project: Project, pipeline_id: str) -> None:
    async with project.acting("delete_pipeline"):
        await project.services.pipelines.registry.remove(pipeline_id)


async def change(project: Project, pipeline_id: str, source: str) -> None:
    async with project.acting("update_pipeline"):
        registry = project.services.pipelines.registry
        await registry.update(pipeline_id, ACTOR, source, "paused")


def saved_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "saved").rglob("*.yaml"))


async def test_what_was_removed_or_changed_is_as_it_was_saved_after_loading(
    project: Project, tmp_path: Path
) -> None:
    await project.define(BUILD.replace("build", "of a file"))
    build, deploy = [await create(project, source) for source in (BUILD, DEPLOY)]
    await change(project, deploy, DEPLOY)
    saved = await save(project)
    assert [(one.name, one.status) for one in saved.pipelines] == [
        ("build", "active"),
        ("deploy & more", "paused"),
    ]
    assert [path.read_text(encoding="utf-8") for path in saved_files(tmp_path)] == [BUILD, DEPLOY]
    await change(project, build, OTHER)
    await remove(project, deploy)
    here = project.repository_id
    looked = await load(project, dry_run=True)
    done = await load(project)
    assert (done.created, done.updated) == ([f"{here}: deploy & more"], [f"{here}: build"])
    assert looked == done.model_copy(update={"dry_run": True})
    registry = project.services.pipelines.registry
    again = await registry.find("deploy & more")
    assert (again.status, (await registry.get(again.id)).source) == ("paused", DEPLOY)
    assert ((await registry.get(build)).source, (await registry.get(build)).status) == (
        BUILD,
        "active",
    )
    assert (await load(project)).unchanged == [f"{here}: build", f"{here}: deploy & more"]


async def test_what_is_no_longer_there_is_not_saved_any_longer(
    project: Project, tmp_path: Path
) -> None:
    await create(project, BUILD)
    deploy = await create(project, DEPLOY)
    await save(project)
    await remove(project, deploy)
    await save(project)
    assert [path.read_text(encoding="utf-8") for path in saved_files(tmp_path)] == [BUILD]


async def test_a_changed_file_is_a_problem_that_leaves_the_others_as_they_are(
    project: Project, tmp_path: Path
) -> None:
    ids = [await create(project, source) for source in (BUILD, DEPLOY)]
    await save(project)
    for pipeline_id in ids:
        await remove(project, pipeline_id)
    saved_files(tmp_path)[0].write_text(OTHER, encoding="utf-8")
    done = await load(project)
    (problem,) = done.problems
    assert (problem.name, "is not what was saved" in problem.reason) == ("build", True)
    assert done.created == [f"{project.repository_id}: deploy & more"]
    (tmp_path / "saved" / INDEX).write_text("{}", encoding="utf-8")
    with pytest.raises(Refused, match=INDEX):
        await load(project)


async def test_a_pipeline_that_a_file_defines_is_never_overwritten(project: Project) -> None:
    build = await create(project, BUILD)
    await save(project)
    await remove(project, build)
    await project.define(OTHER)
    (problem,) = (await load(project)).problems
    assert "is defined by .gitops/pipeline.yaml" in problem.reason


async def test_there_is_nothing_to_load_where_nothing_was_saved(project: Project) -> None:
    with pytest.raises(NotFound, match="No pipelines are saved"):
        await load(project)
