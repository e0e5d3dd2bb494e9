"""Runs that are started: what they execute, their numbers, keys and groups."""

from pathlib import Path

import anyio
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest, NotFound, Refused
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.definition import InvalidDefinition
from gitops_auditor.pipelines.launching import Order
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.services import Services, open_services
from tests.factories.git import commit, git, write_files
from tests.factories.runs import (
    ACTOR,
    DEFINITION,
    Project,
    job_of,
    run_settings,
    runs_carried_out,
)

ECHO = """
name: echo
stages:
  - name: one
    jobs:
      - say: {script: "echo ONE"}
"""
INPUTS = """
name: inputs
triggers:
  - manual:
      inputs:
        target: {type: choice, options: [staging, production], required: true}
stages:
  - name: one
    jobs:
      - say: {script: 'echo "to $INPUT_TARGET"'}
"""
GROUPED = """
name: grouped
concurrency: {group: deploy, cancel_in_progress: true}
stages:
  - name: one
    jobs:
      - wait: {script: "sleep 600"}
"""
STORED = ECHO.replace("echo", "stored", 1)


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def stored(project: Project) -> str:
    async with project.acting("create_pipeline"):
        registry = project.services.pipelines.registry
        return (await registry.create(project.repository_id, STORED, ACTOR)).id


async def test_a_run_executes_the_definition_of_its_ref_and_keeps_it(project: Project) -> None:
    await project.define(ECHO)
    first = await project.run()
    await project.define(ECHO.replace("ONE", "TWO"))
    second = await project.run()
    again = await project.services.pipelines.runs.get(first.id)
    assert (first.status, second.status, first.revision, second.revision) == (
        *("success", "success"),
        *(1, 2),
    )
    assert "ONE" in await project.services.pipelines.runs.source(again)
    assert "ONE" in await project.log(first, "one/say")
    assert "TWO" in await project.log(second, "one/say")
    third = await project.run(ref=first.commit_sha)
    assert (third.commit_sha, third.revision) == (first.commit_sha, 1)


async def test_a_branch_is_run_with_the_definition_that_it_has(project: Project) -> None:
    await project.define(ECHO)
    await git(project.path, "switch", "--quiet", "--create", "feature")
    await commit(project.path, {DEFINITION: ECHO.replace("ONE", "FEATURE")})
    run = await project.run(ref="feature")
    assert run.ref == "feature"
    assert "FEATURE" in await project.log(run, "one/say")
    assert "ONE" in await project.log(await project.run(), "one/say")


async def test_uncommitted_files_are_run_when_they_are_asked_for(project: Project) -> None:
    await project.define(ECHO)
    write_files(project.path, {DEFINITION: ECHO.replace("ONE", "UNCOMMITTED")})
    assert "UNCOMMITTED" in await project.log(await project.run(ref="WORKTREE"), "one/say")
    assert "ONE" in await project.log(await project.run(), "one/say")


async def test_twenty_starts_at_once_get_twenty_numbers(project: Project) -> None:
    pipeline = await stored(project)
    numbers: list[int] = []

    async def start() -> None:
        numbers.append((await project.start(pipeline)).run_number)

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(start)
    assert sorted(numbers) == list(range(1, 21))


async def test_starts_over_several_connections_get_different_numbers(project: Project) -> None:
    """The other services share nothing with the first but the database."""
    pipeline = await stored(project)
    numbers: list[int] = []

    async def start(services: Services) -> None:
        async with services.audit.operation(ACTOR, "run_pipeline", {}):
            started = await services.pipelines.launcher.start(Order(pipeline), ACTOR)
            numbers.append(started.run_number)

    async with (
        open_services(project.services.settings) as other,
        runs_carried_out(other),
        anyio.create_task_group() as tasks,
    ):
        for _ in range(5):
            tasks.start_soon(start, project.services)
            tasks.start_soon(start, other)
    assert sorted(numbers) == list(range(1, 11))


async def test_a_repeated_key_answers_with_the_first_run(project: Project) -> None:
    await project.define(ECHO)
    first = await project.start(idempotency_key="k")
    await project.ended(first.id)
    again = await project.start(idempotency_key="k")
    other = await project.start(idempotency_key="l")
    assert again.id == first.id
    assert other.id != first.id


async def test_a_key_given_twice_at_once_starts_one_run(project: Project) -> None:
    pipeline = await stored(project)
    started: list[str] = []

    async def start() -> None:
        started.append((await project.start(pipeline, idempotency_key="k")).id)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(start)
    assert len(set(started)) == 1


async def test_a_key_belongs_to_its_pipeline(project: Project) -> None:
    await project.define(ECHO)
    mine = await project.start(idempotency_key="k")
    theirs = await project.start(await stored(project), idempotency_key="k")
    assert mine.id != theirs.id


async def test_a_paused_pipeline_is_not_started_and_says_what_to_do(project: Project) -> None:
    pipeline = await project.define(ECHO)
    async with project.acting("update_pipeline"):
        await project.services.pipelines.registry.update(pipeline, ACTOR, status="paused")
    with pytest.raises(Refused, match=r"paused.*active"):
        await project.start()


async def test_inputs_reach_the_jobs_and_wrong_ones_are_refused(project: Project) -> None:
    await project.define(INPUTS)
    run = await project.run(inputs={"target": "staging"})
    assert run.inputs == {"target": "staging"}
    assert "to staging" in await project.log(run, "one/say")
    for wrong in ({}, {"target": "moon"}, {"target": "staging", "other": 1}):
        with pytest.raises(InvalidRequest):
            await project.start(inputs=wrong)


async def test_a_definition_that_became_invalid_is_not_started(project: Project) -> None:
    await project.define(ECHO)
    await commit(project.path, {DEFINITION: "name: echo\nstages: 7\n"})
    with pytest.raises(InvalidDefinition, match=r"pipeline.yaml:2:1"):
        await project.start()


async def test_a_file_that_is_gone_and_a_ref_that_is_not_there_are_not_found(
    project: Project,
) -> None:
    await project.define(ECHO)
    with pytest.raises(NotFound):
        await project.start(ref="no-such-branch")
    (project.path / DEFINITION).unlink()
    await commit(project.path, {})
    with pytest.raises(NotFound, match=DEFINITION):
        await project.start()


async def test_a_newer_run_of_a_group_ends_the_older_one(project: Project) -> None:
    await project.define(GROUPED)
    first = await project.start()
    await project.until(first.id, lambda run: job_of(run, "one/wait").status == "running")
    second = await project.start()
    assert (await project.ended(first.id)).status == "cancelled"
    await project.cancel(second.id)


async def test_a_refused_start_leaves_no_run(project: Project) -> None:
    await project.define(INPUTS)
    with pytest.raises(InvalidRequest):
        await project.start()
    page = await project.services.pipelines.runs.list(Filter(), PageParams())
    assert page.items == []
