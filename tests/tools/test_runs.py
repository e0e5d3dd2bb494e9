"""Pipelines over MCP: run, watched by progress and by resources, explained."""

import json
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp_types import ResourceTemplateReference, TextResourceContents

from gitops_auditor.config import Settings
from tests.factories.runs import Project, run_settings

CHECKS = """
name: checks
stages:
  - name: one
    jobs:
      - passes: {script: echo fine}
      - breaks: {script: "echo no such luck; exit 3"}
"""


@pytest.fixture
def settings(settings: Settings, runs_in: Path) -> Settings:
    return settings.model_copy(update=run_settings(runs_in))


async def read(client: Client, uri: str) -> object:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return json.loads(content.text)


async def test_a_run_is_waited_for_with_progress_and_explained(
    project: Project, mcp_client: Client
) -> None:
    await project.define(CHECKS)
    told: list[str] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        assert message
        told.append(f"{progress:.0f} of {total or 0:.0f}")

    wanted = {"pipeline_id": "checks", "wait_seconds": 40}
    result = await mcp_client.call_tool("run_pipeline", wanted, progress_callback=progress)
    run = result.structured_content
    assert run is not None
    assert (run["status"], run["failed_jobs"]) == ("failed", ["one/breaks"])
    assert told[-1] == "2 of 2"
    explained = await mcp_client.call_tool("explain_failure", {"run_id": run["id"]})
    assert explained.structured_content is not None
    assert explained.structured_content["job"] == "one/breaks"
    assert "no such luck" in explained.structured_content["excerpt"]


async def test_runs_logs_and_pipelines_are_resources_and_ids_are_completed(
    project: Project, mcp_client: Client
) -> None:
    pipeline_id = await project.define(CHECKS)
    run = await project.run()
    shown = await read(mcp_client, f"gitops://runs/{run.id}")
    log = await read(mcp_client, f"gitops://runs/{run.id}/log")
    pipeline = await read(mcp_client, f"gitops://pipelines/{pipeline_id}")
    listed = await read(mcp_client, "gitops://pipelines")
    assert isinstance(shown, dict)
    assert isinstance(log, dict)
    assert isinstance(pipeline, dict)
    assert isinstance(listed, dict)
    assert (shown["status"], log["job"], pipeline["name"]) == ("failed", "one/breaks", "checks")
    assert "no such luck" in log["text"]
    assert [one["id"] for one in listed["items"]] == [pipeline_id]
    template = ResourceTemplateReference(uri="gitops://pipelines/{pipeline_id}")
    found = await mcp_client.complete(template, {"name": "pipeline_id", "value": "pipe"})
    assert found.completion.values == [pipeline_id]


async def test_the_prompt_on_a_failed_run_names_it(project: Project, mcp_client: Client) -> None:
    await project.define(CHECKS)
    run = await project.run()
    with anyio.fail_after(10):
        prompt = await mcp_client.get_prompt("explain_failed_run", {"run": run.id})
    assert run.id in prompt.model_dump_json()
