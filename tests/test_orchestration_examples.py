"""The agents' configurations offer what their instructions name, and the script changes files."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from tests.factories.terminal import COMMAND, ROOT, SECONDS, environment

FOLDER = ROOT / "examples" / "orchestration"


@pytest.mark.parametrize(
    ("configuration", "instructions", "calls"),
    [
        (
            "claude.mcp.json",
            "CLAUDE.md",
            ["create_execution_plan", "get_work", "get_execution_plan", "execute_plan"],
        ),
        (
            "serena.mcp.json",
            "serena-instructions.md",
            [
                *("analyze_dependencies", "create_execution_plan", "get_work", "execute_phase"),
                *("get_execution_plan", "validate_results", "rollback_phase"),
            ],
        ),
    ],
)
async def test_an_agent_is_offered_the_calls_of_its_instructions(
    configuration: str, instructions: str, calls: list[str], tmp_path: Path
) -> None:
    server = json.loads((FOLDER / configuration).read_text("utf-8"))["mcpServers"]["gitops-auditor"]
    assert server["command"] == "gitops-auditor"
    program, *words = COMMAND
    ours = StdioServerParameters(
        command=program, args=[*words, *server["args"]], env=environment(tmp_path / "data")
    )
    async with Client(ours) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
    named = re.findall(r"`(\w+)`", (FOLDER / instructions).read_text("utf-8"))
    assert [name for name in dict.fromkeys(named) if name in tools] == calls
    assert set(named) - tools <= {"update_everywhere", *FIELDS}
    assert "update_everywhere" in prompts


FIELDS = {
    *("allow_parallel", "mcp_servers", "next", "parallel", "passed"),
    *("quality_gates", "repositories", "wait_seconds"),
}


def test_the_change_script_leaves_the_same_file_everywhere_however_often_it_runs(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        subprocess.run(
            ["sh", "-e", str(FOLDER / "editorconfig.sh")], cwd=tmp_path, check=True, timeout=SECONDS
        )
    (made,) = tmp_path.iterdir()
    assert made.read_text("utf-8").startswith("root = true\n\n[*]\ncharset = utf-8\n")


def test_every_file_of_the_example_is_listed() -> None:
    listed = re.findall(r"^\| `([^`]+)`", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted({one.name for one in FOLDER.iterdir()} - {"README.md"})
