"""An MCP server made with the SDK; it speaks the handshake era and the stateless one."""

from typing import Annotated, Literal

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field


class Report(BaseModel):
    """What a linter found."""

    passed: bool
    findings: list[str]


def everyday() -> MCPServer:
    """The server, not running yet."""
    server = MCPServer("everyday")

    @server.tool()
    def lint(
        files: list[str],
        config: str = "none",
        severity: Literal["critical", "high", "medium", "low"] = "low",
    ) -> Report:
        """Find fault with every file whose name has `bad` in it."""
        findings = [f"{name}: {severity} by {config}" for name in files if "bad" in name]
        return Report(passed=not findings, findings=findings)

    @server.tool()
    def add(a: Annotated[int, Field(ge=0)], b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    def refuse() -> str:
        """Never work."""
        raise ToolError("it is broken")

    return server


if __name__ == "__main__":
    everyday().run("stdio")
