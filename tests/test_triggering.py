"""A serving process knows the pipelines of new repositories and sees pushes into them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import NotFound
from gitops_auditor.identity import LOCAL
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.records import RunSummary
from gitops_auditor.pipelines.service import file_pipeline_id
from gitops_auditor.pipelines.store import triggers
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.services import Services
from gitops_auditor.triggering import trigger
from tests.factories.git import commit, make_empty_repository, make_repository
from tests.factories.runs import ACTOR, DEFINITION, RUN_SECONDS, run_settings, runs_carried_out

PUSHED = """
name: pushed
triggers: [push]
stages: [{name: one, jobs: [{name: says, script: "true"}]}]
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update={**run_settings(runs_in), "push_interval": 1})


@asynccontextmanager
async def triggering(services: Services) -> AsyncIterator[None]:
    async with runs_carried_out(services), anyio.create_task_group() as tasks:
        tasks.start_soon(trigger, services)
        yield
        tasks.cancel_scope.cancel()


async def register(services: Services, path: Path) -> str:
    async with services.audit.operation(ACTOR, "register_repository", {}):
        return (await services.repositories.register_path(path, LOCAL)).id


async def known(services: Services, pipeline_id: str) -> None:
    """Wait until there is such a pipeline."""
    with anyio.fail_after(RUN_SECONDS):
        while True:
            seen = services.database.changes.version
            try:
                await services.pipelines.registry.summary(pipeline_id)
            except NotFound:
                await services.database.changes.wait(seen, 1.0)
            else:
                return


async def a_run(services: Services) -> RunSummary:
    """The first run, as soon as there is one."""
    with anyio.fail_after(RUN_SECONDS):
        while True:
            seen = services.database.changes.version
            page = await services.pipelines.runs.list(Filter(), PageParams())
            if page.items:
                return page.items[0]
            await services.database.changes.wait(seen, 1.0)


async def test_the_pipelines_of_a_new_repository_are_known_without_being_asked_for(
    services: Services, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "it", {DEFINITION: PUSHED})
    async with triggering(services):
        repository_id = await register(services, tmp_path / "it")
        await known(services, file_pipeline_id(repository_id, DEFINITION))
    page = await services.pipelines.runs.list(Filter(), PageParams())
    assert page.items == []


async def test_a_commit_in_a_registered_folder_starts_what_it_is_for(
    services: Services, tmp_path: Path
) -> None:
    await make_repository(tmp_path / "it", {DEFINITION: PUSHED})
    async with triggering(services):
        repository_id = await register(services, tmp_path / "it")
        await known(services, file_pipeline_id(repository_id, DEFINITION))
        await watched(services, repository_id)
        sha = await commit(tmp_path / "it", {"a.txt": "1"})
        run = await a_run(services)
        over = await services.pipelines.runs.wait(run.id, RUN_SECONDS)
    assert (over.status, over.trigger_type, over.commit_sha) == ("success", "push", sha)


async def watched(services: Services, repository_id: str) -> None:
    """Wait until the branches have been looked at once: what is there then starts nothing."""
    with anyio.fail_after(RUN_SECONDS):
        while True:
            seen = services.database.changes.version
            async with services.database.read() as connection:
                if await triggers.seen_refs(connection, repository_id):
                    return
            await services.database.changes.wait(seen, 1.0)


async def test_a_repository_without_commits_does_not_end_the_watch(
    services: Services, tmp_path: Path
) -> None:
    await make_empty_repository(tmp_path / "empty")
    await make_repository(tmp_path / "it", {DEFINITION: PUSHED})
    async with triggering(services):
        await register(services, tmp_path / "empty")
        repository_id = await register(services, tmp_path / "it")
        await known(services, file_pipeline_id(repository_id, DEFINITION))
