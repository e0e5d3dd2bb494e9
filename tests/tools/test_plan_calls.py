"""The five calls of an orchestrating agent, over MCP."""

from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from gitops_auditor.services import Services
from tests.factories.family import PHASES, Family, open_family
from tests.factories.owned import owned
from tests.factories.runs import runs_carried_out


class Agent:
    """Calls tools, and reads what they answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, name: str, **arguments: Any) -> Any:
        answer = await self._client.call_tool(name, arguments)
        assert not answer.is_error, answer.content
        return answer.structured_content

    async def refused(self, name: str, **arguments: Any) -> str:
        answer = await self._client.call_tool(name, arguments)
        assert answer.is_error
        return " ".join(part.text for part in answer.content if part.type == "text")


@pytest.fixture
async def family(services: Services, tmp_path: Path) -> Family:
    return await open_family(services, tmp_path / "family")


async def test_the_five_calls_go_in_order_and_say_what_comes_next(
    services: Services, mcp_client: Client, family: Family
) -> None:
    agent, members = Agent(mcp_client), [name for phase in PHASES for name in phase]
    await agent.call("scan_dependencies", wait_seconds=30)
    analysis = await agent.call("analyze_dependencies", repositories=members)
    assert analysis["order"] == PHASES
    before = await family.snapshot()
    change = {"kind": "bump", "name": "left-pad", "version": "2.0.0"}
    work = await agent.call("create_execution_plan", change=change, wait_seconds=40)
    plan = work["result"]
    of_plan = {"plan_id": plan["id"]}
    assert "phase" in await agent.refused("execute_phase", **of_plan, phase=2)
    assert "Execute phase 1 first" in await agent.refused("validate_results", **of_plan, phase=1)
    async with owned(runs_carried_out(services)):
        executed = await agent.call("execute_phase", **of_plan, phase=1, wait_seconds=20)
        assert (executed["status"], executed["phases"][0]["status"]) == ("paused", "executed")
        assert executed["next"].startswith("validate_results for phase 1")
        assert "validate" in await agent.refused("execute_phase", **of_plan, phase=2)
        verdict = await agent.call("validate_results", **of_plan, phase=1, wait_seconds=20)
        assert (verdict["passed"], verdict["status"]) == (True, "completed")
        assert await family.snapshot() != before
        undone = await agent.call("rollback_phase", **of_plan, phase=1, wait_seconds=20)
    assert undone["phases"][0]["status"] == "rolled_back"
    assert await family.snapshot() == before
