"""ESLint's MCP server as far as the examples use it, without npm: no file may say `debugger`."""

import json
from pathlib import Path

from mcp.server.mcpserver import MCPServer


def linter() -> MCPServer:
    """The server, not running yet."""
    server = MCPServer("ESLint")

    @server.tool(name="lint-files")
    def lint_files(filePaths: list[str]) -> list[str]:  # noqa: N803 - ESLint's own name
        """Lint files, one JSON object for each."""
        return [
            json.dumps(
                {"filePath": path, "errorCount": Path(path).read_text("utf-8").count("debugger")},
                separators=(",", ":"),
            )
            for path in filePaths
        ]

    return server


if __name__ == "__main__":
    linter().run("stdio")
