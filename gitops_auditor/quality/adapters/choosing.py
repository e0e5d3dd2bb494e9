"""Finds the way to ask the linter or scanner that a gate names.

The bundled ones are asked in this process, unless the operator configured a server of their name.
Other servers are known by the tools that they offer.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from gitops_auditor.connections.bundled import CODE_LINTER, SECURITY_SCANNER
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.linters.code_linter import CodeLinter
from gitops_auditor.linters.security_scanner import SecurityScanner
from gitops_auditor.quality.adapters.connected import LINTING, SCANNING, ConnectedServer
from gitops_auditor.quality.adapters.direct import DirectLinter, DirectScanner
from gitops_auditor.quality.adapters.known import KNOWN
from gitops_auditor.quality.adapters.mapped import MappedServer
from gitops_auditor.quality.adapters.mapping import ServerMapping
from gitops_auditor.quality.adapters.protocol import Linter, Scanner


class Adapters:
    """Makes adapters; each is for one root and for questions of at most `seconds`.

    `tools` are the names of those of the bundled tools that are asked, none meaning all that apply.
    """

    def __init__(
        self, connections: Connections, linter: CodeLinter, scanner: SecurityScanner
    ) -> None:
        self._connections = connections
        self._linter = linter
        self._scanner = scanner

    async def linter(
        self, server: str, root: Path, seconds: float, tools: Sequence[str] = ()
    ) -> Linter:
        """The linter of that name.

        Raises InvalidRequest for a server with tools that are not understood, and what
        Connections.tools raises.
        """
        if server == CODE_LINTER and server not in self._connections.configured:
            return DirectLinter(self._linter, root, seconds, tools)
        return await self._connected(server, root, seconds, tools, LINTING)

    async def scanner(
        self, server: str, root: Path, seconds: float, tools: Sequence[str] = ()
    ) -> Scanner:
        """The scanner of that name; raises as `linter` does."""
        if server == SECURITY_SCANNER and server not in self._connections.configured:
            return DirectScanner(self._scanner, root, seconds, tools)
        return await self._connected(server, root, seconds, tools, SCANNING)

    async def _connected(
        self,
        server: str,
        root: Path,
        seconds: float,
        tools: Sequence[str],
        ours: frozenset[str],
    ) -> ConnectedServer | MappedServer:
        offered = await self._connections.tools(server, seconds)
        if ours <= offered.keys():
            return ConnectedServer(self._connections, server, root, seconds, tools)
        mapping = recognized(offered.keys())
        if mapping is None:
            known = ", ".join(sorted(tool for one in KNOWN for tool in one.tools))
            raise InvalidRequest(
                f"The MCP server {server} has no tools whose answers are understood here.",
                hint=f"Understood are {', '.join(sorted(ours))}, {known}. For other servers name an"
                " `action` of the server in the gate.",
            )
        return MappedServer(self._connections, server, mapping, root, seconds)


def recognized(tools: Iterable[str]) -> ServerMapping | None:
    """The first mapping whose tools are all among these."""
    offered = frozenset(tools)
    return next((one for one in KNOWN if one.tools <= offered), None)
