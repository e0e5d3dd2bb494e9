"""A client of the bundled servers, as one that starts them as programs over standard streams."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mcp import Client, StdioServerParameters
from mcp.types import TextContent

REPOSITORY = Path(__file__).parents[3]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PIPELINE_ALLOW_UNSANDBOXED": "true"}
COMMAND = [sys.executable, "-m", "gitops_auditor.linters"]


class Said(NamedTuple):
    """The answer to one call."""

    content: Any
    text: str
    is_error: bool


class Server:
    """One running server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> Said:
        result = await self.client.call_tool(tool, arguments)
        (block,) = result.content
        assert isinstance(block, TextContent)
        return Said(result.structured_content, block.text, bool(result.is_error))


@asynccontextmanager
async def running(
    name: str,
    *roots: Path,
    folder: Path | None = None,
    era: Literal["auto", "legacy"] = "auto",
) -> AsyncIterator[Server]:
    """The server for the length of the block, started in `folder`."""
    allowed = [f"--root={root}" for root in roots]
    command = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], name, *allowed],
        env={**ENVIRONMENT, "PYTHONPATH": str(REPOSITORY)},
        cwd=str(folder or REPOSITORY),
    )
    async with Client(command, mode=era, read_timeout_seconds=60) as client:
        yield Server(client)
