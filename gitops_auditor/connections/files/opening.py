"""Finds out what a location of kept files means: a folder, an fsspec URL, or an MCP server."""

import re
from typing import Final

from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import InvalidSetting
from gitops_auditor.execution.file_stores import FileStore

SCHEME: Final = "mcp://"
_LOCATION: Final = re.compile(
    r"mcp://(?P<server>[A-Za-z0-9][A-Za-z0-9._-]{0,99})(?:/(?P<root>[^\\]*))?"
)


def open_files(location: str, connections: Connections, variable: str) -> FileStore:
    """Files at a folder, an fsspec URL, or `mcp://SERVER/path` of a configured server.

    Nothing is started or looked at before files are. `variable` is the setting that names the
    location. Raises InvalidSetting for an MCP location that is not understood, and for a server
    that is not configured.
    """
    if not location.startswith(SCHEME):
        from gitops_auditor.execution.fsspec_files import FsspecFiles  # noqa: PLC0415 - one of two

        return FsspecFiles(location, variable)
    from gitops_auditor.connections.files.store import McpFiles  # noqa: PLC0415 - one of two
    from gitops_auditor.connections.files.tools import FileTools  # noqa: PLC0415 - one of two

    server, root = _parts(location, variable)
    if server not in connections.configured:
        known = ", ".join(connections.configured) or "none"
        raise InvalidSetting(
            f"{variable} names the MCP server {server}; configured are: {known}.",
            hint="Add it to the file that GITOPS_MCP_SERVERS names.",
        )
    return McpFiles(FileTools(connections, server), root)


def _parts(location: str, variable: str) -> tuple[str, str]:
    found = _LOCATION.fullmatch(location)
    root = (found["root"] or "").rstrip("/") if found else ""
    strange = any(part in {"", ".", ".."} or part[0] == "~" for part in root.split("/"))
    if found is None or not location.isprintable() or (root and strange):
        raise InvalidSetting(
            f"{variable} is no location on an MCP server.",
            hint="Write mcp://SERVER/path, the path below the folder that the server may use.",
        )
    return found["server"], root
