"""Ask, as an MCP client over stdio, what a major release of one repository breaks in the others.

python examples/agent/impact.py WORKSPACE REPOSITORY VERSION
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


async def main(workspace: str, repository: str, version: str) -> None:
    """Start a server, ask it, print the answer."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "gitops_auditor", "stdio", "--toolsets", "default,repositories"],
        env=dict(os.environ),
    )
    problem = ""
    async with Client(server) as client:
        try:
            tell(await ask(client, workspace, repository, version))
        except Unanswered as failure:
            problem = str(failure)
    if problem:
        sys.exit(problem)


async def ask(client: Client, workspace: str, repository: str, version: str) -> Any:
    """Scan the workspace, then analyze the change."""
    await work(client, "discover_repositories", workspace=workspace)
    await work(client, "scan_dependencies")
    change = {"repository": repository, "change_type": "major", "version": version}
    return await tool(client, "analyze_impact", **change)


def tell(report: Any) -> None:
    """Print the risk, the lines that exclude the new version, and the order of updates."""
    print(f"Risk: {report['risk']['level']} ({report['risk']['score']} of 100)")
    for effect in report["direct"]:
        for use in effect["uses"]:
            print(f"{effect['repository']} says {use['constraint']} in {use['file']}:{use['line']}")
    for phase in report["update_order"]:
        print(f"{phase['number']}. {', '.join(phase['nodes'])}")


async def work(client: Client, name: str, **arguments: Any) -> Any:
    """Start long-running work, wait for its end and return its result."""
    record = await tool(client, name, wait_seconds=WAIT, **arguments)
    while record["status"] in {"pending", "running"}:
        record = await tool(client, "get_work", work_id=record["id"], wait_seconds=WAIT)
    if record["status"] != "success":
        raise Unanswered(f"{name}: {record['error']['message']}")
    return record["result"]


async def tool(client: Client, name: str, **arguments: Any) -> Any:
    """Call a tool and return its structured result."""
    answer = await client.call_tool(name, arguments)
    if answer.is_error:
        texts = [part.text for part in answer.content if part.type == "text"]
        raise Unanswered(f"{name}: {' '.join(texts)}")
    return answer.structured_content


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    anyio.run(main, sys.argv[1], sys.argv[2], sys.argv[3])
