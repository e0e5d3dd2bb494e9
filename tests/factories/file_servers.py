"""The public file-system server that speaks MCP, and connections to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio

from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.connections.service import Connections
from tests.connections.wiring import connected
from tests.factories.npm_tools import npm_tool


class Share(NamedTuple):
    """A folder, and connections with a server named `share` that may use it and nothing else."""

    folder: Path
    connections: Connections

    def names(self, place: str) -> list[str]:
        """What somebody sees there who looks at the folder, without what was deleted."""
        top = self.folder / place
        found = (path for path in top.rglob("*") if path.is_file() or not any(path.iterdir()))
        names = [path.relative_to(top).as_posix() for path in found]
        return sorted(name for name in names if not name.startswith(".gitops-deleted"))


def file_server(folder: Path) -> ServerSettings:
    """@modelcontextprotocol/server-filesystem on the folder; skips where it is not installed."""
    command, environment = npm_tool("mcp-server-filesystem")
    settings = {"command": [command, str(folder)], "env": {"PATH": environment["PATH"]}}
    return ServerSettings.model_validate(settings)


@asynccontextmanager
async def open_share(folder: Path) -> AsyncIterator[Share]:
    """The server on a new folder."""
    await anyio.Path(folder).mkdir()
    async with connected(share=file_server(folder)) as connections:
        yield Share(folder, connections)
