"""A file-system server that deletes, made with the SDK, for what the public one does not do.

The first argument is its folder. With a second one it dies of writing that file, the first time.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError


@contextmanager
def told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ToolError(error.strerror or "failed") from None


def file_server(top: Path, deadly: str) -> MCPServer:
    """The server, not running yet."""
    server = MCPServer("files")

    @server.tool()
    def read_file(path: str) -> str:
        with told():
            return (top / path).read_text(encoding="utf-8")

    @server.tool()
    def write_file(path: str, content: str) -> str:
        if deadly and path.endswith(deadly) and not (top / "died").exists():
            (top / "died").touch()
            (top / path).write_text(content[:10], encoding="utf-8")
            os._exit(7)
        with told():
            (top / path).write_text(content, encoding="utf-8")
        return "written"

    @server.tool()
    def create_directory(path: str) -> str:
        with told():
            (top / path).mkdir(parents=True, exist_ok=True)
        return "created"

    @server.tool()
    def list_directory(path: str) -> str:
        with told():
            found = sorted((top / path).iterdir())
        return "\n".join(f"[{'DIR' if one.is_dir() else 'FILE'}] {one.name}" for one in found)

    @server.tool()
    def move_file(source: str, destination: str) -> str:
        with told():
            (top / source).rename(top / destination)
        return "moved"

    @server.tool()
    def delete_file(path: str) -> str:
        with told():
            (top / path).unlink()
        return "deleted"

    return server


if __name__ == "__main__":
    file_server(Path(sys.argv[1]), "".join(sys.argv[2:])).run()
