"""Ask, as an MCP client over stdio, what a major release of one repository breaks in the others.

    python examples/agent/impact.py WORKSPACE REPOSITORY VERSION
"""

import os
import sys
from typing import Any

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters


async def ask(workspace: str, repository: str, version: str) -> None:
    """Scan the workspace, then print who is affected and in which order to update."""
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "gitops_auditor", "stdio"], env=dict(os.environ)
    )
    async with Client(server) as client:
        await tool(client, "discover_repositories", workspace=workspace, wait_seconds=50)
        await tool(client, "scan_dependencies", wait_seconds=50)
        impact = await tool(
            client, "analyze_impact", repository=repository, change_type="major", version=version
        )
    print(f"Risk: {impact['risk_level']} ({impact['risk_score']} of 100)")
    for phase, repositories in enumerate(impact["update_order"], 1):
        print(f"{phase}. {', '.join(repositories)}")


async def tool(client: Client, name: str, **arguments: Any) -> Any:
    """Call a tool and return its structured result."""
    answer = await client.call_tool(name, arguments)
    if answer.is_error:
        sys.exit(f"{name}: {answer.content}")
    return answer.structured_content


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    anyio.run(ask, *sys.argv[1:])
