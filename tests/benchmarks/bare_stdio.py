"""The least an SDK server over stdio can be: the floor of the stdio benchmark."""

from typing import Any

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import CallToolRequestParams, CallToolResult, TextContent


async def call_tool(_: Any, __: CallToolRequestParams) -> CallToolResult:
    return CallToolResult(content=[TextContent(text="{}")])


async def serve() -> None:
    server: Server[dict[str, Any]] = Server("bare", on_call_tool=call_tool)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(serve)
