"""What a connected file-system server is asked for, by the names that such servers give tools."""

import re
from collections.abc import Mapping
from typing import Final

from gitops_auditor.connections.results import CallResult, ToolInfo
from gitops_auditor.connections.service import Connections
from gitops_auditor.connections.toolbox import takes
from gitops_auditor.errors import JsonValue, NotFound, Refused, Unavailable

_NEEDED: Final = {
    "write_file": ("path", "content"),
    "create_directory": ("path",),
    "list_directory": ("path",),
    "move_file": ("source", "destination"),
}
_READING: Final = ("read_text_file", "read_file")
_DELETING: Final = "delete_file"
_ALLOWED: Final = "list_allowed_directories"
_ENTRY: Final = re.compile(r"\[(DIR|FILE)\] (.+)")
_ABSOLUTE: Final = re.compile(r"(?:/|[A-Za-z]:[\\/]).*")
_MISSING: Final = re.compile(
    r"ENOENT|EISDIR|ENOTDIR|no such file|not a directory|is a directory|does not exist",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"['\"/]")
_DENIED: Final = re.compile(r"access denied|EACCES|EPERM|not allowed|outside", re.IGNORECASE)


class FileTools:
    """The tools of one server. Paths are relative to the first folder that it may use.

    Every method raises Unavailable when the server cannot be reached or fails, and Refused when it
    denies the path.
    """

    def __init__(self, connections: Connections, server: str) -> None:
        self._connections = connections
        self._server = server
        self._base: str | None = None

    async def read(self, path: str) -> str:
        """The text of a file. Raises NotFound, TooLarge."""
        tools = await self._tools()
        reading = next(name for name in _READING if name in tools)
        return _content(await self._call(reading, {"path": await self._at(path)}))

    async def write(self, path: str, text: str) -> None:
        """Write a file; a server may leave a part of it when it ends meanwhile."""
        await self._call("write_file", {"path": await self._at(path), "content": text})

    async def make_folder(self, path: str) -> None:
        """Make a folder with those above it, if it is not there."""
        await self._call("create_directory", {"path": await self._at(path)})

    async def move(self, source: str, destination: str) -> None:
        """Rename a file or folder. Raises NotFound."""
        places = {"source": await self._at(source), "destination": await self._at(destination)}
        await self._call("move_file", places)

    async def entries(self, folder: str) -> dict[str, bool]:
        """The names in a folder, and whether each is a folder. Raises NotFound."""
        text = _content(await self._call("list_directory", {"path": await self._at(folder)}))
        found = [_ENTRY.fullmatch(line) for line in text.split("\n") if line]
        named = {entry[2]: entry[1] == "DIR" for entry in found if entry}
        if len(named) != len(found):
            raise Unavailable(
                f"The MCP server {self._server} lists files in a way that is not understood.",
                hint="Use a server that lists them as [FILE] name and [DIR] name.",
            )
        return named

    async def deletes(self) -> bool:
        """Whether the server can delete files at all."""
        tool = (await self._tools()).get(_DELETING)
        return tool is not None and takes(tool, "path")

    async def delete(self, path: str) -> None:
        """Delete a file. Raises NotFound."""
        await self._call(_DELETING, {"path": await self._at(path)})

    async def _at(self, path: str) -> str:
        """The path as the server wants it: some take relative ones to be of their own folder."""
        if self._base is None:
            self._base = await self._allowed()
        return f"{self._base}{path}" or "."

    async def _allowed(self) -> str:
        if _ALLOWED not in await self._tools():
            return ""
        lines = _content(await self._call(_ALLOWED, {})).splitlines()
        first = next((line for line in lines if _ABSOLUTE.fullmatch(line)), "")
        return f"{first.rstrip('/')}/" if first else ""

    async def _tools(self) -> Mapping[str, ToolInfo]:
        tools = await self._connections.tools(self._server)
        missing = [
            name
            for name, arguments in _NEEDED.items()
            if name not in tools or not all(takes(tools[name], one) for one in arguments)
        ]
        if not any(name in tools for name in _READING):
            missing.append(_READING[0])
        if missing:
            raise Unavailable(
                f"The MCP server {self._server} cannot keep files: it has no {', '.join(missing)}.",
                hint="Name a file-system server, and look at what it offers.",
            )
        return tools

    async def _call(self, tool: str, arguments: Mapping[str, JsonValue]) -> CallResult:
        await self._tools()
        result = await self._connections.call(self._server, tool, arguments)
        if not result.is_error:
            return result
        said = result.text[:300]
        # After a quote or a slash comes a path, which may have any words.
        reason = _PATH.split(said, 1)[0]
        if _DENIED.search(reason):
            raise Refused(
                f"The MCP server {self._server} denies {tool}: {said}",
                hint="Let the server use the folder that files are kept in.",
            )
        if _MISSING.search(reason):
            raise NotFound(
                f"The MCP server {self._server} has no such file: {said}",
                hint="List what is kept there.",
            )
        raise Unavailable(
            f"The MCP server {self._server} fails at {tool}: {said}",
            hint="Look at its free space and what it may write.",
        )


def _content(result: CallResult) -> str:
    """The text that the tool gives, without what the blocks of an answer may add to it."""
    structured = result.structured
    if isinstance(structured, dict):
        for name in ("content", "result"):
            if isinstance(found := structured.get(name), str):
                return found
    return result.text
