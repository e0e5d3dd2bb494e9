"""Runs of pipelines as steps of plans, carried out by the process of the test."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.errors import TimedOut, Unavailable
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.effects.effect import Facts, StepContext
from gitops_auditor.orchestrator.effects.pipeline_run import PipelineRunEffect
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.records import Run
from gitops_auditor.pipelines.store.runs import Filter
from tests.factories.runs import Project, job_of, run_settings
from tests.orchestrator.effects.contexts import context_of
from tests.orchestrator.plans import plan_of

DEPLOY = """
name: deploy
triggers:
  - manual: {inputs: {to: {required: true}}}
stages:
  - name: deploy
    condition: branch == 'main'
    jobs:
      - ship:
          script: 'echo "version=7" >> "$GITOPS_OUTPUT"; %s'
          outputs: version
rollback:
  - back:
      needs: ship
      script: echo "back from $OUTPUT_SHIP_VERSION"; %s
always:
  - note: {script: "true"}
"""
LEFT = "\nrollback:"
BREAKS = """
name: deploy
stages:
  - name: deploy
    jobs:
      - ship: {gate: nowhere}
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def test_a_run_is_started_once_and_taken_back_by_its_rollback_jobs(
    project: Project,
) -> None:
    context = await _step(project, DEPLOY % ("true", "true"))
    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    pre_image = await effect.observe(context)
    result = await effect.perform(context, pre_image)
    assert await effect.perform(context, pre_image) == result
    assert result["run_number"] == 1
    assert result["jobs"] == ["deploy/ship", "always/note"]
    assert await effect.differs(context, pre_image) is None

    undone = await effect.undo(context, pre_image, result)
    assert undone.outcome == "undone"
    assert await effect.undo(context, pre_image, result) == undone
    back = await _newest(project, 2)
    assert back.rerun_of == result["run_id"]
    assert {one.job: (one.status, one.attempt) for one in back.jobs} == {
        "deploy/ship": ("success", 0),
        "rollback/back": ("success", 1),
        "always/note": ("success", 0),
    }
    assert "back from 7" in await project.log(back, "rollback/back")


async def test_a_red_run_fails_the_step_and_another_try_is_another_run(project: Project) -> None:
    context = await _step(project, DEPLOY % ("echo broken beyond repair; exit 3", "true"))
    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    pre_image = await effect.observe(context)
    for _ in range(2):
        with pytest.raises(WorkFailed, match="broken beyond repair") as failed:
            await effect.perform(context, pre_image)
        assert failed.value.details["run_number"] == 1
    undone = await effect.undo(context, pre_image, None)
    assert undone.outcome == "undone"
    assert "ran in it" in undone.sentence
    with pytest.raises(WorkFailed) as failed:
        await effect.perform(_stopped(context), pre_image)
    assert failed.value.details["run_number"] == 2


async def test_a_run_that_nothing_takes_back_is_not_undone(project: Project) -> None:
    context = await _step(project, (DEPLOY % ("true", "true")).partition(LEFT)[0])
    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    pre_image = await effect.observe(context)
    assert (await effect.undo(context, pre_image, None)).outcome == "nothing"
    result = await effect.perform(context, pre_image)
    undone = await effect.undo(context, pre_image, result)
    assert undone.outcome == "not_undone"
    assert "deploy/ship" in undone.sentence


async def test_rollback_jobs_that_fail_leave_it_to_people(project: Project) -> None:
    context = await _step(project, DEPLOY % ("true", "exit 1"))
    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    pre_image = await effect.observe(context)
    undone = await effect.undo(context, pre_image, await effect.perform(context, pre_image))
    assert undone.outcome == "not_undone"
    assert "run 2" in undone.sentence


async def test_a_run_that_takes_too_long_is_cancelled_and_taken_back(project: Project) -> None:
    waits = "while true; do sleep 0.05; done"
    context = await _step(project, DEPLOY % (waits, "true"), seconds=0.001)
    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    pre_image = await effect.observe(context)
    with pytest.raises(TimedOut):
        await effect.perform(context, pre_image)
    assert (await _newest(project, 1)).status == "cancelled"


async def test_a_run_that_somebody_cancelled_fails_the_step(project: Project) -> None:
    waits = "touch started; while true; do sleep 0.05; done"
    context = await _step(project, DEPLOY % (waits, "true"))

    async def cancel(sentence: str) -> None:
        if "deploy/ship" in sentence:
            run = await _newest(project, 1)
            async with project.acting("cancel_run"):
                await project.services.pipelines.runs.cancel(run.id)

    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    pre_image = await effect.observe(context)
    with pytest.raises(WorkFailed, match="cancelled"):
        await effect.perform(context._replace(tell=cancel), pre_image)
    undone = await effect.undo(context, pre_image, None)
    assert undone.outcome == "undone"
    assert job_of(await _newest(project, 2), "rollback/back").status == "success"


async def test_a_run_that_could_not_be_carried_out_is_no_failure_and_is_tried_again(
    project: Project,
) -> None:
    context = await _step(project, BREAKS)
    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    pre_image = await effect.observe(context)
    for number in (1, 2):
        with pytest.raises(Unavailable) as broken:
            await effect.perform(context, pre_image)
        assert broken.value.details["run_number"] == number
        context = _stopped(context)


async def test_a_pipeline_that_is_not_there_fails_the_step(project: Project) -> None:
    context = await _step(project, DEPLOY % ("true", "true"), name="other")
    effect = PipelineRunEffect(project.services.pipelines, project.services.audit)
    with pytest.raises(WorkFailed, match="other"):
        await effect.observe(context)
    paused = await _step(project, DEPLOY % ("true", "true"))
    pipeline = str((await effect.observe(paused))["pipeline_id"])
    async with project.acting("update_pipeline"):
        await project.services.pipelines.registry.update(pipeline, "test", status="paused")
    with pytest.raises(WorkFailed, match="paused"):
        await effect.observe(paused)


async def _step(
    project: Project, definition: str, *, name: str = "deploy", seconds: float = 40.0
) -> StepContext:
    """A step that runs the pipeline at the end of the default branch."""
    await project.define(definition)
    services = project.services
    repository = await services.repositories.get(project.repository_id)
    revision = await services.repositories.revisions.resolve(repository)
    inputs: Facts = {"to": "test"} if "inputs" in definition else {}
    change = RunPipeline(pipeline=name, inputs=inputs, timeout_seconds=seconds)
    plan = plan_of((repository.id,))
    facts = {"base_commit": revision.commit, "commit": "", "tree": ""}
    renderings = [plan.renderings[0].model_copy(update=facts)]
    request = plan.request.model_copy(update={"change": change})
    plan = plan.model_copy(update={"request": request, "renderings": renderings})
    return context_of(plan, plan.steps[0])._replace(repository=repository)


def _stopped(context: StepContext) -> StepContext:
    """The step as it is when it is told to try again."""
    step = context.step.model_copy(update={"completed_at": datetime.now(UTC)})
    return context._replace(step=step)


async def _newest(project: Project, number: int) -> Run:
    runs = project.services.pipelines.runs
    found = await runs.list(Filter(repository_id=project.repository_id), PageParams())
    assert found.items[0].run_number == number
    return await runs.get(found.items[0].id)
