"""Quality gates over MCP: files before a commit, one answer explained, what is told in short."""

from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from gitops_auditor.config import Settings
from gitops_auditor.services import Services
from tests.factories.gates import GatedProject, gate_settings, open_gated, written
from tests.factories.git import write_files

LINT = {"name": "Lint", "mcp": "code-linter", "tools": ["ruff"], "fail_threshold": "high"}
README = {"name": "Readme", "check": "README.md exists", "required": False}
BAD = "print(one)\nprint(two)\nprint(three)\n"


@pytest.fixture
def settings(settings: Settings, runs_in: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return settings.model_copy(update=gate_settings(runs_in, monkeypatch))


@pytest.fixture
async def gated(services: Services, tmp_path: Path) -> GatedProject:
    gated = await open_gated(services, tmp_path / "source", {"old.py": BAD})
    await gated.state(written("pre_commit", LINT, README))
    return gated


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer
    result: dict[str, Any] = answer.structured_content
    return result


async def enforced(client: Client, *files: str, **arguments: Any) -> dict[str, Any]:
    asked = {"repository_id": "acme/tool", "files": list(files), "wait_seconds": 30, **arguments}
    work = await called(client, "enforce_pre_commit", **asked)
    assert work["status"] == "success", work
    result: dict[str, Any] = work["result"]
    return result


async def test_files_are_asked_about_as_they_lie_in_the_folder(
    gated: GatedProject, mcp_client: Client
) -> None:
    write_files(gated.path, {"new.py": "x = 1\n"})
    verdict = await enforced(mcp_client, "new.py")
    assert (verdict["status"], verdict["passed"]) == ("warning", True)
    write_files(gated.path, {"new.py": BAD})
    verdict = await enforced(mcp_client, "new.py", findings=2)
    assert (verdict["status"], verdict["passed"]) == ("failed", False)
    lint, readme = verdict["gates"]
    assert (lint["status"], readme["status"]) == ("failed", "warning")
    assert [one["place"] for one in lint["problems"]] == ["new.py:1:7", "new.py:2:7"]
    assert lint["problems"][0] == {
        "severity": "high",
        "place": "new.py:1:7",
        "rule": "ruff F821",
        "message": "Undefined name `one`",
        "fix": "Run: ruff rule F821",
    }


async def test_one_answer_is_explained_with_all_that_fits(
    gated: GatedProject, mcp_client: Client
) -> None:
    verdict = await enforced(mcp_client, "old.py", findings=0)
    assert verdict["gates"][0]["problems"] == []
    found = await called(mcp_client, "explain_gate", result_id=verdict["gates"][0]["result_id"])
    assert found["cause"] == "3 findings are high or worse."
    assert [(one["file"], one["line"]) for one in found["findings"]] == [
        ("old.py", 1),
        ("old.py", 2),
        ("old.py", 3),
    ]
    assert found["fixes"] == [{"fix": "Run: ruff rule F821", "findings": 3}]
    assert found["next_call"]["operation"] == "validate_quality"


async def test_the_next_call_of_an_explanation_asks_the_same_gate(
    gated: GatedProject, mcp_client: Client
) -> None:
    verdict = await enforced(mcp_client, "old.py")
    found = await called(mcp_client, "explain_gate", result_id=verdict["gates"][0]["result_id"])
    call = found["next_call"]
    asked = {name: call[name] for name in ("repository_id", "gate_type", "gate")}
    work = await called(mcp_client, call["operation"], **asked, wait_seconds=30)
    assert [one["gate"] for one in work["result"]["gates"]] == ["Lint"]
