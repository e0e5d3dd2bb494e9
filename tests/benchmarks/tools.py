"""An in-process tool call over a bare SDK tool doing the same SQL: the adapter's own share."""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)

from gitops_auditor.app import catalog_for
from gitops_auditor.config import load_settings
from gitops_auditor.identity import LOCAL
from gitops_auditor.repositories import store
from gitops_auditor.server.app import create_server
from gitops_auditor.server.tools import describe
from gitops_auditor.services import Services, open_services
from tests.factories.git import make_repository

CALLS = 300
REPOSITORIES = 20


def bare_server(services: Services) -> Server[dict[str, Any]]:
    """The least that answers with the same content."""

    async def call_tool(_: Any, params: CallToolRequestParams) -> CallToolResult:
        limit = int((params.arguments or {})["limit"])
        async with services.database.read() as connection:
            found = await store.page(connection, "", limit + 1)
            total = await store.count(connection)
        items = [item.model_dump(mode="json") for item in found]
        page = {"items": items, "total": total, "next_cursor": None}
        text = json.dumps(page, separators=(",", ":"))
        return CallToolResult(content=[TextContent(text=text)], structured_content=page)

    async def list_tools(_: Any, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[described])

    described = describe(catalog_for(services.settings).get("list_repositories"))
    return Server("bare", on_call_tool=call_tool, on_list_tools=list_tools)


async def seconds(client: Client) -> float:
    started = time.perf_counter()
    result = await client.call_tool("list_repositories", {"limit": 50})
    assert len(result.structured_content["items"]) == REPOSITORIES
    return time.perf_counter() - started


async def measure(calls: int = CALLS) -> None:
    """Print both medians and their ratio, for each protocol era."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings({}, data_dir=Path(folder) / "data")
        async with open_services(settings) as services:
            async with services.audit.operation("benchmark", "discover_repositories", {}):
                for number in range(REPOSITORIES):
                    await make_repository(Path(folder) / "work" / f"r{number}", {"a": "b"})
                await services.repositories.discover(Path(folder) / "work", LOCAL)
            for mode in ("legacy", "auto"):
                await _compare(services, mode, calls)


async def _compare(services: Services, mode: str, calls: int) -> None:
    ours = create_server(catalog_for(services.settings).for_mcp(), services)
    async with Client(bare_server(services), mode=mode) as bare, Client(ours, mode=mode) as product:
        pairs = [(await seconds(bare), await seconds(product)) for _ in range(calls)]
    floor, took = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"tool call in process ({mode}): bare {floor * 1e3:.2f} ms, ours {took * 1e3:.2f} ms")
    print(f"  ratio of medians over {calls} calls: {took / floor:.2f} (at most 2)")


if __name__ == "__main__":
    asyncio.run(measure())
