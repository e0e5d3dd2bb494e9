"""Runs that are waited for, cancelled, approved and listed."""

from pathlib import Path

import anyio
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, Forbidden, InvalidRequest, JsonValue, NotFound
from gitops_auditor.identity import Principal, Role
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.records import Run
from gitops_auditor.pipelines.store.runs import Filter
from tests.factories.runs import Project, job_of, run_settings

TWO = """
name: two
stages:
  - name: one
    jobs:
      - first: {script: "true"}
  - name: two
    jobs:
      - second: {script: "true"}
"""
ENDLESS = """
name: endless
stages:
  - name: one
    jobs:
      - sleeps: {script: "sleep 600"}
  - name: two
    jobs:
      - never: {script: "true"}
"""
ASKS = """
name: asks
stages:
  - name: gate
    jobs:
      - ask:
          approval:
            message: Deploy?
            approvers: [ops, admin]
            form:
              type: object
              properties: {count: {type: integer, maximum: 3}}
              required: [count]
  - name: deploy
    jobs:
      - ship: {script: "true"}
"""
OPS = Principal("ops", Role.OPERATOR, "token")
BOSS = Principal("boss", Role.ADMIN, "token")
SOMEBODY = Principal("somebody", Role.OPERATOR, "token")


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def waiting(project: Project) -> Run:
    """A run that waits for an approval."""
    await project.define(ASKS)
    return await project.until((await project.start()).id, lambda run: bool(run.awaiting_approval))


async def decide(
    project: Project,
    run_id: str,
    by: Principal,
    answers: dict[str, JsonValue] | None = None,
    *,
    approve: bool = True,
    job: str = "gate/ask",
) -> None:
    async with project.acting("decide_approval"):
        await project.services.pipelines.runs.decide(
            run_id, job, by, approve=approve, comment="well", answers=answers
        )


async def test_a_run_is_waited_for_with_progress(project: Project) -> None:
    await project.define(TWO)
    run = await project.start()
    told: list[tuple[float, float | None, str]] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        told.append((done, total, message))

    over = await project.services.pipelines.runs.wait(run.id, 40, progress)
    assert over.status == "success"
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert len(told) == len(set(told))
    assert told[-1] == (2, 2, "success")


async def test_who_does_not_wait_is_told_how_far_it_is(project: Project) -> None:
    await project.define(ENDLESS)
    run = await project.start()
    now = await project.services.pipelines.runs.wait(run.id, 0)
    assert not now.finished
    await project.cancel(run.id)


async def test_a_cancelled_run_and_what_had_not_started_are_cancelled_for_good(
    project: Project,
) -> None:
    await project.define(ENDLESS)
    started = await project.start()
    await project.until(started.id, lambda run: job_of(run, "one/sleeps").status == "running")
    run = await project.cancel(started.id)
    assert run.status == "cancelled"
    assert run.cancel_requested
    assert {job.status for job in run.jobs} == {"cancelled"}
    assert await project.cancel(started.id) == run


async def test_cancelling_what_is_over_leaves_it_as_it_is(project: Project) -> None:
    await project.define(TWO)
    run = await project.run()
    assert await project.cancel(run.id) == run


async def test_a_run_waits_for_those_who_may_approve_it(project: Project) -> None:
    run = await waiting(project)
    assert run.awaiting_approval == ["gate/ask"]
    with pytest.raises(Forbidden, match=r"ops, admin"):
        await decide(project, run.id, SOMEBODY, {"count": 1})
    await decide(project, run.id, OPS, {"count": 1})
    over = await project.ended(run.id)
    assert over.status == "success"
    assert job_of(over, "gate/ask").outputs == {"count": "1"}


async def test_a_role_among_the_approvers_is_enough(project: Project) -> None:
    run = await waiting(project)
    await decide(project, run.id, BOSS, {"count": 1})
    assert (await project.ended(run.id)).status == "success"


@pytest.mark.parametrize("answers", [{}, {"count": 4}, {"count": "many"}])
async def test_answers_have_to_fit_the_form(
    project: Project, answers: dict[str, JsonValue]
) -> None:
    run = await waiting(project)
    with pytest.raises(InvalidRequest, match="count"):
        await decide(project, run.id, OPS, answers)
    assert (await project.services.pipelines.runs.get(run.id)).awaiting_approval
    await project.cancel(run.id)


async def test_a_rejection_needs_no_answers_and_fails_the_run(project: Project) -> None:
    run = await waiting(project)
    await decide(project, run.id, OPS, approve=False)
    over = await project.ended(run.id)
    assert over.status == "failed"
    assert "ops" in job_of(over, "gate/ask").reason
    assert job_of(over, "deploy/ship").status == "skipped"


async def test_of_several_decisions_at_once_one_counts(project: Project) -> None:
    run = await waiting(project)
    refused: list[str] = []

    async def try_to(approve: bool) -> None:
        try:
            await decide(project, run.id, OPS, {"count": 1}, approve=approve)
        except Conflict as conflict:
            refused.append(conflict.message)

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(try_to, number % 2 == 0)
    assert len(refused) == 5
    await project.ended(run.id)
    with pytest.raises(Conflict, match="does not wait"):
        await decide(project, run.id, OPS, {"count": 1})


async def test_what_does_not_wait_cannot_be_decided(project: Project) -> None:
    run = await waiting(project)
    with pytest.raises(Conflict, match="gate/ask"):
        await decide(project, run.id, OPS, job="deploy/ship")
    await project.cancel(run.id)


async def test_runs_are_listed_newest_first_in_pages(project: Project) -> None:
    await project.define(TWO)
    started = [(await project.run()).id for _ in range(3)]
    runs = project.services.pipelines.runs
    first = await runs.list(Filter(repository_id=project.repository_id), PageParams(limit=2))
    second = await runs.list(Filter(), PageParams(limit=2, cursor=first.next_cursor))
    assert [run.id for run in (*first.items, *second.items)] == started[::-1]
    assert second.next_cursor is None
    assert (await runs.list(Filter(status="failed"), PageParams())).items == []


async def test_an_unknown_run_is_not_found(project: Project) -> None:
    runs = project.services.pipelines.runs
    with pytest.raises(NotFound, match="absent"):
        await runs.get("absent")
    with pytest.raises(NotFound):
        await runs.cancel("absent")
    with pytest.raises(NotFound):
        await runs.wait("absent", 1)
