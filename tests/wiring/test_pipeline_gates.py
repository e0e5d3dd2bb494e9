"""Gates that run pipelines, or look at what pipelines measured."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from gitops_auditor.config import Settings
from gitops_auditor.pages import PageParams
from gitops_auditor.pipelines.records import RunSummary
from gitops_auditor.pipelines.store.runs import Filter
from tests.factories.gates import GatedProject, gate_settings
from tests.factories.git import commit, write_files
from tests.factories.runs import Project

PIPELINE = """
name: Integration Tests
stages: [{name: test, jobs: [{name: start, script: "SCRIPT"}]}]
"""
PLACE = ".gitops/pipelines/integration.yaml"
GATE = {"name": "Integration Tests", "required": True}
SLEEP = "touch started; sleep 600"
MEASURES = """
name: tests
stages: [{name: test, jobs: [{name: measure, script: cp lcov lcov.info, coverage: 10}]}]
"""
LCOV = "SF:a.py\nDA:1,1\nDA:2,1\nDA:3,0\nDA:4,0\nLF:4\nLH:2\nend_of_record\n"


@pytest.fixture
def settings(settings: Settings, runs_in: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return settings.model_copy(update=gate_settings(runs_in, monkeypatch))


@pytest.fixture
def gated(project: Project) -> GatedProject:
    return GatedProject(project.services, project.path, project.repository_id)


def running(script: str, **gate: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A gate, and the pipeline that it runs."""
    return {**GATE, **gate}, {PLACE: PIPELINE.replace("SCRIPT", script)}


async def only_run(gated: GatedProject) -> RunSummary:
    (run,) = (await gated.services.pipelines.runs.list(Filter(), PageParams())).items
    return run


async def test_the_pipeline_of_the_commit_is_run_and_its_end_is_the_answer(
    gated: GatedProject,
) -> None:
    first = await gated.state(*running("true"))
    await gated.state(*running("false"))
    assert [(await gated.only(ref)).status for ref in (first, "main")] == ["passed", "failed"]


async def test_what_nobody_committed_is_what_the_pipeline_runs_on(gated: GatedProject) -> None:
    await gated.state(*running("test -e new.txt"))
    write_files(gated.path, {"new.txt": ""})
    assert (await gated.only("WORKTREE")).status == "passed"
    assert (await gated.only("main")).status == "failed"


async def test_a_run_that_takes_too_long_is_an_error_and_is_ended(gated: GatedProject) -> None:
    await gated.state(*running(SLEEP, timeout=2))
    result = await gated.only()
    assert (result.status, result.score) == ("error", None)
    assert "did not end within 2 seconds" in result.reason
    assert result.fix == "Give the gate a longer `timeout`."
    run = await gated.services.pipelines.runs.wait((await only_run(gated)).id, 20)
    assert (run.finished, run.status) == (True, "cancelled")


async def test_a_validation_that_is_cancelled_cancels_its_run(
    gated: GatedProject, runs_in: Path
) -> None:
    await gated.state(*running(SLEEP))

    async def validate() -> None:
        with scope:
            await gated.validate()

    scope = anyio.CancelScope()
    with anyio.fail_after(40):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(validate)
            while not list((runs_in / "runs").glob("*/checkout/started")):  # noqa: ASYNC110 - files tell nobody
                await anyio.sleep(0.01)
            scope.cancel()
        run = await gated.services.pipelines.runs.wait((await only_run(gated)).id, 20)
    assert (run.finished, run.status) == (True, "cancelled")


async def test_a_pipeline_that_there_is_not_is_an_error_that_names_those_there_are(
    gated: GatedProject,
) -> None:
    await gated.state({"name": "Smoke"}, running("true")[1])
    result = await gated.only()
    assert result.status == "error"
    assert result.reason == f"There is no pipeline Smoke. Pipelines of the commit: {PLACE}."


async def test_a_pipeline_that_cannot_be_read_is_told_with_the_mistake(
    gated: GatedProject,
) -> None:
    await gated.state(GATE, {PLACE: "name: Integration Tests\nstages: 3\n"})
    result = await gated.only()
    assert result.status == "error"
    assert f"{PLACE} cannot be read: " in result.reason


class TestCoverage:
    @pytest.fixture
    async def measured(self, project: Project, gated: GatedProject) -> GatedProject:
        """A pipeline measured this commit: two lines of four."""
        gate = {"name": "Test Coverage", "minimum": 50}
        await gated.state(gate, {"lcov": LCOV, "a.py": "1\n2\n3\n4\n"})
        run = await project.run(await project.define(MEASURES))
        assert run.status == "success"
        return gated

    async def test_what_a_run_of_the_commit_measured_is_the_answer(
        self, measured: GatedProject
    ) -> None:
        result = await measured.only()
        assert (result.status, result.metrics["source"]) == (
            "passed",
            "job test/measure of run 1 of tests",
        )
        assert "50.00 %" in result.reason

    async def test_what_was_measured_of_another_commit_says_nothing_of_this_one(
        self, measured: GatedProject
    ) -> None:
        await commit(measured.path, {"b.py": "1\n"})
        result = await measured.only()
        assert (result.status, result.reason) == ("error", "There is no coverage report.")
