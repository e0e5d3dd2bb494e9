"""Run a pipeline over many repositories in the order of their dependencies, as an MCP client.

python examples/coordination/coordinate.py PIPELINE REPOSITORY...
"""

import os
import sys
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters

WAIT = 25
"""Seconds that one call waits; below the request time-outs that clients have."""


class Unanswered(Exception):
    """A tool did not do what it was asked; the message says why and what to do."""


class Orchestrator:
    """The five calls of an orchestrating agent, each a tool of the server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def analyze_dependencies(self, repos: list[str]) -> Any:
        """Who needs whom, with file and line, and the order that follows."""
        await self._work("scan_dependencies")
        return await self._tool("analyze_dependencies", repositories=repos)

    async def create_execution_plan(self, repos: list[str], pipeline: str) -> Any:
        """Phases in dependency order; nothing runs yet."""
        change = {"kind": "pipeline", "pipeline": pipeline}
        return await self._work("create_execution_plan", repositories=repos, change=change)

    async def execute_phase(self, plan: Any, phase: Any, mcp_servers: list[str]) -> Any:
        """One phase, its repositories at once where it allows that."""
        return await self._plan(
            "execute_phase",
            plan,
            phase=phase["number"],
            parallel=phase["allow_parallel"],
            mcp_servers=mcp_servers,
        )

    async def validate_results(self, plan: Any, phase: Any) -> Any:
        """What the gates of the phase say of what it made."""
        answer = None
        while answer is None or answer["passed"] is None:
            answer = await self._tool(
                "validate_results",
                plan_id=plan["id"],
                phase=phase["number"],
                quality_gates=phase["quality_gates"],
                wait_seconds=WAIT,
            )
        return answer

    async def rollback_phase(self, plan: Any, phase: Any) -> Any:
        """Take back what the phase did."""
        return await self._plan("rollback_phase", plan, phase=phase["number"])

    async def _plan(self, name: str, plan: Any, **arguments: Any) -> Any:
        found = await self._tool(name, plan_id=plan["id"], wait_seconds=WAIT, **arguments)
        while found["status"] in {"executing", "rolling_back"}:
            found = await self._tool("get_execution_plan", plan_id=plan["id"], wait_seconds=WAIT)
        return found

    async def _work(self, name: str, **arguments: Any) -> Any:
        record = await self._tool(name, wait_seconds=WAIT, **arguments)
        while record["status"] in {"pending", "running"}:
            record = await self._tool("get_work", work_id=record["id"], wait_seconds=WAIT)
        if record["status"] != "success":
            raise Unanswered(f"{name}: {record['error']['message']}")
        return record["result"]

    async def _tool(self, name: str, **arguments: Any) -> Any:
        answer = await self._client.call_tool(name, arguments)
        if answer.is_error:
            texts = [part.text for part in answer.content if part.type == "text"]
            raise Unanswered(f"{name}: {' '.join(texts)}")
        return answer.structured_content


async def execute_coordinated_pipeline(
    orchestrator: Orchestrator, repos: list[str], pipeline: str
) -> bool:
    """Whether the pipeline went through in every repository; a phase that fails is undone."""
    dependencies = await orchestrator.analyze_dependencies(repos)
    for line in dependencies["dependencies"]:
        place = f"{line['file']}:{line['line']}"
        print(f"{line['source']} needs {line['target']} ({line['name']} in {place})")

    plan = await orchestrator.create_execution_plan(repos, pipeline)
    for phase in plan["phases"]:
        print(f"phase {phase['number']}: {', '.join(phase['repositories'])}")
        result = await orchestrator.execute_phase(plan, phase, mcp_servers=[])
        if result["status"] == "paused":
            validation = await orchestrator.validate_results(plan, phase)
            if validation["passed"]:
                continue
            result = validation
        print(f"phase {phase['number']} failed: {result['reason']}")
        undone = await orchestrator.rollback_phase(plan, phase)
        print(f"rollback: {undone['status']}. {undone['reason']}")
        return False
    return True


async def main(pipeline: str, repos: list[str]) -> int:
    """Start a server and coordinate; the exit status says whether all went well."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "gitops_auditor", "stdio", "--toolsets", "default,orchestration"],
        env=dict(os.environ),
    )
    async with Client(server) as client:
        try:
            went_well = await execute_coordinated_pipeline(Orchestrator(client), repos, pipeline)
        except Unanswered as failure:
            print(failure)
            return 2
    print("All phases completed." if went_well else "Stopped.")
    return 0 if went_well else 1


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(anyio.run(main, sys.argv[1], sys.argv[2:]))
