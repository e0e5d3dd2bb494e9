"""Plans over MCP."""

import json
from pathlib import Path

from mcp import Client

from gitops_auditor.identity import LOCAL
from gitops_auditor.services import Services
from tests.factories.git import make_repository


async def test_a_plan_is_made_while_its_caller_waits(
    services: Services, mcp_client: Client, tmp_path: Path
) -> None:
    manifest = {"name": "shop", "version": "1.0.0", "dependencies": {"left-pad": "^1.2.0"}}
    files = {"package.json": json.dumps(manifest, indent=2) + "\n"}
    await make_repository(tmp_path / "shop", files, origin="https://example.org/acme/shop.git")
    async with services.audit.operation("test", "register_repository", {}):
        await services.repositories.register_path(tmp_path / "shop", LOCAL)
    change = {"kind": "bump", "name": "left-pad", "version": "2.0.0"}
    made = await mcp_client.call_tool(
        "create_execution_plan", {"change": change, "wait_seconds": 40}
    )
    assert made.structured_content is not None, made
    plan = made.structured_content["result"]
    assert plan["status"] == "planned"
    (phase,) = plan["phases"]
    assert phase["repositories"] == ["acme/shop"]
