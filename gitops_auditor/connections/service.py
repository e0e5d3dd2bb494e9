"""Calls tools of the configured servers."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import anyio

from gitops_auditor.connections.configuration import ServerSettings
from gitops_auditor.errors import JsonValue, NotFound, Unavailable
from gitops_auditor.health import ComponentHealth

if TYPE_CHECKING:
    from gitops_auditor.connections.connection import Connection
    from gitops_auditor.connections.results import CallResult, ToolInfo
    from gitops_auditor.connections.transports import Secrets

PROBE_SECONDS: Final = 5.0


class Connections:
    """Nothing is started or sent until a server is needed; it then stays connected."""

    def __init__(
        self,
        servers: Mapping[str, ServerSettings],
        secrets: "Secrets",
        ambient: Mapping[str, str],
        bundled: Mapping[str, Callable[[], ServerSettings]] = MappingProxyType({}),
    ) -> None:
        """`ambient` is the platform's environment, of which programs inherit a few variables.

        `bundled` are servers that are there unless one of the name is among `servers`; what makes
        their settings is asked when they are first needed.
        """
        self._secrets = secrets
        self._ambient = ambient
        self._configured = tuple(sorted(servers))
        self._bundled = {name: make for name, make in bundled.items() if name not in servers}
        self._connections = _connections(servers, secrets, ambient) if servers else {}
        self._closed = False

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Connections"]:
        """At the end of the block everything that was started for it is ended."""
        try:
            yield self
        finally:
            self._closed = True
            with anyio.CancelScope(shield=True):
                async with anyio.create_task_group() as tasks:
                    for connection in self._connections.values():
                        tasks.start_soon(connection.close)

    @property
    def names(self) -> tuple[str, ...]:
        """The configured and the bundled servers, sorted."""
        return tuple(sorted({*self._configured, *self._bundled}))

    @property
    def configured(self) -> tuple[str, ...]:
        """The servers that the operator configured, sorted."""
        return self._configured

    def settings(self, server: str) -> ServerSettings:
        """How the server is configured. Raises NotFound naming those that are."""
        return self._connection(server).settings

    def masked(self, server: str, text: str) -> str:
        """The text with the secrets of the server replaced, as far as it was connected yet."""
        return self._connection(server).masked(text)

    async def tools(self, server: str, seconds: float | None = None) -> "dict[str, ToolInfo]":
        """The tools that may be called, by name; raises as `call` does."""
        return await self._connection(server).tools(seconds)

    async def call(
        self,
        server: str,
        tool: str,
        arguments: Mapping[str, JsonValue],
        seconds: float | None = None,
    ) -> "CallResult":
        """Call a tool, once: what happened of a call that broke off is not known.

        It takes at most `seconds`, and never longer than the server's own limit, waiting
        for a free place and for a connection included. Raises NotFound for an unknown server or
        tool, Conflict for a tool that changed, InvalidRequest for arguments that do not fit it,
        TimedOut, TooLarge for its result, and Unavailable when the server cannot be reached,
        ends, or answers with an error of the protocol.
        """
        return await self._connection(server).call(tool, arguments, seconds)

    async def health(
        self, server: str | None = None, *, probe: bool = False, seconds: float = PROBE_SECONDS
    ) -> ComponentHealth:
        """The condition of one server, or together of all but bundled ones that nobody used yet.

        It tells what is known, unless `probe` connects to those that are not connected, which
        takes at most `seconds`.
        """
        asked = sorted(self._connections) if server is None else [server]
        connections = [self._connection(name) for name in asked]
        if probe:
            async with anyio.create_task_group() as tasks:
                for connection in connections:
                    tasks.start_soon(connection.probe, seconds)
        parts = [connection.health() for connection in connections]
        return parts[0] if server is not None else _together(parts)

    def _connection(self, server: str) -> "Connection":
        if server not in self._connections and server in self._bundled:
            self._connections |= self._made(server)
        if server not in self._connections:
            near = get_close_matches(server, self.names, 1)
            known = ", ".join(self.names) or "none"
            raise NotFound(
                f"No MCP server {server} is configured; configured are: {known}.",
                hint=f"Did you mean {near[0]}?"
                if near
                else "Add it to the file that GITOPS_MCP_SERVERS names.",
            )
        return self._connections[server]

    def _made(self, server: str) -> "dict[str, Connection]":
        if self._closed:
            raise Unavailable("The platform is stopping.", hint="Try again when it has started.")
        return _connections({server: self._bundled[server]()}, self._secrets, self._ambient)


def _connections(
    servers: Mapping[str, ServerSettings], secrets: "Secrets", ambient: Mapping[str, str]
) -> "dict[str, Connection]":
    # Most installations have no server, and do without all this at their start.
    from gitops_auditor.connections.connection import Connection  # noqa: PLC0415 - see above

    return {
        name: Connection(name, settings, secrets, ambient) for name, settings in servers.items()
    }


def _together(parts: list[ComponentHealth]) -> ComponentHealth:
    degraded = [part for part in parts if part.status == "degraded"]
    status = "absent" if not parts else "degraded" if degraded else "healthy"
    connected = sum(part.figures["state"] == "connected" for part in parts)
    return ComponentHealth(
        name="connections",
        status=status,
        reasons=[reason for part in degraded for reason in part.reasons],
        figures={"servers": len(parts), "connected": connected},
    )
