"""Runs of workflows at a forge, as steps of plans."""

from pathlib import Path

import pytest

from gitops_auditor.errors import Refused, TimedOut
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.effects.effect import StepContext
from gitops_auditor.orchestrator.effects.workflow_run import LOG_BYTES, WorkflowRunEffect
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.forges.forge import WorkflowStatus
from tests.orchestrator.effects.contexts import context_of
from tests.orchestrator.effects.forges import BareForge, ReviewForge
from tests.orchestrator.plans import NOW, plan_of

SOON = 0.001


async def test_a_workflow_is_dispatched_once_and_followed_to_its_end() -> None:
    context, forge = _step("pending", "running", "success")
    effect = WorkflowRunEffect(forge, SOON)
    pre_image = await effect.observe(context)
    result = await effect.perform(context, pre_image)
    assert await effect.perform(context, pre_image) == result
    assert forge.dispatched == [context.step.marker]
    assert result["status"] == "success"
    assert str(result["log"]).endswith("the end")
    assert len(str(result["log"])) == LOG_BYTES
    undone = await effect.undo(context, pre_image, result)
    assert undone.outcome == "not_undone"
    assert str(result["url"]) in undone.sentence
    assert not forge.cancelled


async def test_a_red_workflow_fails_the_step_with_the_end_of_its_log() -> None:
    context, forge = _step("failed")
    effect = WorkflowRunEffect(forge, SOON)
    with pytest.raises(WorkFailed) as failed:
        await effect.perform(context, await effect.observe(context))
    assert str(failed.value.details["log"]).endswith("the end")
    assert forge.dispatched[0] in str(failed.value.details["url"])
    assert "failed" in (await effect.undo(context, {}, None)).sentence

    again = context.step.model_copy(update={"completed_at": NOW})
    marker = f"{context.step.marker}.{NOW.timestamp() * 1000:.0f}"
    forge.workflows[marker] = ["success"]
    await effect.perform(context._replace(step=again), {})
    assert forge.dispatched == [context.step.marker, marker]


async def test_a_workflow_that_takes_too_long_is_cancelled() -> None:
    context, forge = _step("running", seconds=0.01)
    effect = WorkflowRunEffect(forge, SOON)
    pre_image = await effect.observe(context)
    with pytest.raises(TimedOut):
        await effect.perform(context, pre_image)
    assert forge.cancelled == forge.dispatched


async def test_undoing_cancels_a_workflow_that_still_runs() -> None:
    context, forge = _step("running")
    effect = WorkflowRunEffect(forge, SOON)
    pre_image = await effect.observe(context)
    run = context.step.marker
    unknown = await effect.undo(context, pre_image, None)
    assert unknown.outcome == "not_undone"
    assert run in unknown.sentence
    assert not forge.cancelled
    await effect.undo(context, pre_image, {"run_id": run})
    assert forge.cancelled == [run]


async def test_a_forge_without_workflows_is_named(tmp_path: Path) -> None:
    context, _ = _step("running")
    with pytest.raises(Refused, match="git has no workflows"):
        await WorkflowRunEffect(BareForge({"acme/lib": tmp_path})).perform(context, {})


def _step(*course: WorkflowStatus, seconds: float = 60.0) -> tuple[StepContext, ReviewForge]:
    plan = plan_of(("acme/lib",))
    change = RunPipeline(
        pipeline="deploy.yml",
        inputs={"dry": True, "to": "test"},
        runner="github-actions",
        timeout_seconds=seconds,
    )
    request = plan.request.model_copy(update={"change": change})
    context = context_of(plan.model_copy(update={"request": request}), plan.steps[0])
    forge = ReviewForge({})
    forge.workflows[context.step.marker] = [*course]
    return context, forge
