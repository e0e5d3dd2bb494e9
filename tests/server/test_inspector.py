"""The public MCP Inspector's command line, against our server on both transports."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.factories.npm_tools import npm_tool
from tests.factories.programs import run_program

ROOT = Path(__file__).parents[2]


async def inspect(target: list[str], data_dir: Path, *arguments: str) -> dict[str, Any]:
    command, environment = npm_tool("mcp-inspector")
    environment["GITOPS_DATA_DIR"] = str(data_dir)
    finished = await run_program(
        [command, "--cli", *target, *arguments], environment=environment, folder=ROOT
    )
    assert finished.status == 0, finished.output
    answer: dict[str, Any] = json.loads(finished.output)
    return answer


@pytest.fixture(params=["stdio", "http"])
def target(request: pytest.FixtureRequest) -> list[str]:
    """What the Inspector is given to connect to."""
    if request.param == "stdio":
        return [sys.executable, "-m", "gitops_auditor", "stdio"]
    base: str = request.getfixturevalue("live_server")
    return [f"{base}/mcp", "--transport", "http"]


async def test_the_inspector_lists_tools(target: list[str], tmp_path: Path) -> None:
    listed = await inspect(target, tmp_path / "data", "--method", "tools/list")
    names = {tool["name"] for tool in listed["tools"]}
    assert {"list_repositories", "scan_dependencies", "get_work"} <= names


async def test_the_inspector_calls_a_tool_and_sees_its_result(
    target: list[str], tmp_path: Path
) -> None:
    call = ["--method", "tools/call", "--tool-name", "list_repositories", "--tool-arg", "limit=5"]
    result = await inspect(target, tmp_path / "data", *call)
    assert result["structuredContent"] == {"items": [], "total": 0, "next_cursor": None}


async def test_the_inspector_sees_an_error_with_its_advice(
    target: list[str], tmp_path: Path
) -> None:
    call = ["--method", "tools/call", "--tool-name", "get_repository"]
    result = await inspect(target, tmp_path / "data", *call, "--tool-arg", "repository_id=a/b")
    assert result["isError"] is True
    assert "structuredContent" not in result
    assert result["content"][0]["text"]


async def test_the_inspector_lists_and_reads_resources(target: list[str], tmp_path: Path) -> None:
    listed = await inspect(target, tmp_path / "data", "--method", "resources/list")
    assert "gitops://repositories" in {found["uri"] for found in listed["resources"]}
