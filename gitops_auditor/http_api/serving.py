"""Serving the application with uvicorn: bounded clients, a bounded stop, TLS by setting."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from gitops_auditor.config import Settings
from gitops_auditor.errors import Unavailable

GRACE_SECONDS = 4
"""Seconds that open requests get when the process stops; the whole stop stays below 5."""


class ImpatientProtocol(H11Protocol):
    """Disconnects a client that does not finish sending its request head in time (slow loris)."""

    patience: float = 15.0

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waiting = asyncio.get_running_loop().call_later(self.patience, self._give_up)

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None:
            self._waiting.cancel()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


def protocol_with(patience: float) -> type[ImpatientProtocol]:
    """The protocol class for clients that may take `patience` seconds."""
    return type("ImpatientProtocol", (ImpatientProtocol,), {"patience": patience})


async def run_server(
    app: Starlette,
    settings: Settings,
    ready: Callable[[str], None],
    beside: Callable[[], Awaitable[None]],
) -> None:
    """Serve until SIGINT or SIGTERM, with `beside` running; Unavailable when it cannot listen."""
    with _listen(settings) as listening:
        base = _base_address(settings, listening)
        server = _AnnouncingServer(_configuration(app, settings), lambda: ready(base))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(beside)
            await server.serve(sockets=[listening])
            tasks.cancel_scope.cancel()


class _AnnouncingServer(uvicorn.Server):
    """A server that says when it answers requests."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _base_address(settings: Settings, listening: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{host}:{listening.getsockname()[1]}"


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((settings.host, settings.port))
    except OSError as refused:
        bound.close()
        raise Unavailable(
            f"Cannot listen on {settings.host}:{settings.port}: {refused.strerror}.",
            hint="Stop what uses it, or choose another with --port.",
        ) from None
    return bound


def _configuration(app: Starlette, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol_with(settings.client_timeout),
        ws="websockets-sansio",
        ws_max_size=65_536,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
    )
