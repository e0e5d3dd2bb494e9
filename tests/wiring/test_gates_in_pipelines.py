"""Pipelines whose stages are quality gates, carried out with the tools that are installed."""

from pathlib import Path
from typing import Any

import pytest

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.records import Run
from tests.factories.gates import gate_settings, written
from tests.factories.runs import Project, job_of

GATES_FILE = ".gitops/quality-gates.yaml"
PIPELINE = """
name: delivery
stages:
  - name: quality
    jobs: [{name: ask, gate: GATE}]
  - name: deploy
    jobs: [{name: ship, script: echo shipped}]
"""
README = {"name": "Documentation", "check": "README.md exists", "required": True}
SCAN = {"name": "Security Scan", "mcp": "security-scanner", "tools": ["bandit"]}
UNSAFE = "import subprocess\n\nsubprocess.call(input(), shell=True)\n"


@pytest.fixture
def settings(settings: Settings, runs_in: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return settings.model_copy(update=gate_settings(runs_in, monkeypatch))


async def delivered(
    project: Project, gate: str, gates: list[dict[str, Any]], files: dict[str, str]
) -> Run:
    """A run of the pipeline with that gate between the change and its delivery."""
    text = {GATES_FILE: written("pre_merge", *gates)} if gates else {}
    pipeline = await project.define(PIPELINE.replace("GATE", gate), {**text, **files})
    return await project.run(pipeline)


@pytest.mark.parametrize("gate", ["pre_merge", "Documentation"])
async def test_a_gate_that_passes_lets_the_next_stage_begin(project: Project, gate: str) -> None:
    run = await delivered(project, gate, [README], {"README.md": "hello\n"})
    assert run.status == "success"
    assert job_of(run, "deploy/ship").status == "success"
    log = await project.log(run, "quality/ask")
    assert "Of 1 gate 1 passed." in log
    assert "passed: Documentation" in log


async def test_a_required_gate_that_fails_keeps_the_next_stage_from_beginning(
    project: Project,
) -> None:
    run = await delivered(project, "pre_merge", [README], {})
    assert (run.status, run.failure_kind) == ("failed", "failed")
    assert job_of(run, "deploy/ship").status == "skipped"
    log = await project.log(run, "quality/ask")
    assert "failed: Documentation - There is no README.md." in log
    assert "What to do: Make it so that README.md exists." in log


async def test_an_advisory_gate_that_fails_is_told_and_stops_nothing(project: Project) -> None:
    run = await delivered(project, "pre_merge", [{**README, "required": False}], {})
    assert run.status == "success"
    assert "warning: Documentation" in await project.log(run, "quality/ask")


async def test_a_single_gate_tells_the_line_the_rule_and_what_to_do(project: Project) -> None:
    run = await delivered(project, '"Security Scan"', [README, SCAN], {"app.py": UNSAFE})
    assert run.status == "failed"
    log = await project.log(run, "quality/ask")
    assert "app.py:3:1: high: " in log
    assert "[bandit B602]" in log
    assert "Documentation" not in log


async def test_where_no_gate_is_defined_nothing_was_asked_and_nothing_passes(
    project: Project,
) -> None:
    run = await delivered(project, "pre_merge", [], {"README.md": "hello\n"})
    assert (run.status, run.failure_kind) == ("failed", "errored")
    assert job_of(run, "deploy/ship").status == "skipped"
    assert f"define one in {GATES_FILE}" in await project.log(run, "quality/ask")


async def test_a_gate_that_runs_a_pipeline_is_not_asked_by_one(project: Project) -> None:
    gate = {"name": "Integration Tests", "pipeline": "delivery"}
    run = await delivered(project, '"Integration Tests"', [gate], {})
    assert (run.status, run.failure_kind) == ("failed", "errored")
    log = await project.log(run, "quality/ask")
    assert "it would wait for itself" in log
    assert "Make it a stage of the pipeline" in log
    assert run.run_number == 1


async def test_what_an_earlier_job_changed_is_not_what_is_asked_about(project: Project) -> None:
    pipeline = PIPELINE.replace("GATE", "pre_merge").replace(
        "stages:\n", "stages:\n  - {name: write, jobs: [{name: it, script: touch README.md}]}\n"
    )
    await project.define(pipeline, {GATES_FILE: written("pre_merge", README)})
    assert (await project.run()).status == "failed"


async def test_the_run_and_what_its_gates_said_know_each_other(project: Project) -> None:
    run = await delivered(project, "pre_merge", [README], {"README.md": "hello\n"})
    job = job_of(run, "quality/ask")
    report = await project.services.quality.answers.report(str(job.figures["validation_id"]))
    assert (report.gates[0].run_id, report.commit) == (run.id, run.commit_sha)
