"""Serving the application with uvicorn: bounded clients, a bounded stop, TLS by setting."""

import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from typing_extensions import override

from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidSetting, Unavailable
from gitops_auditor.http_api.clients import http_protocol, websocket_protocol

GRACE_SECONDS = 2
"""Seconds until the end of what neither ended by itself nor was ended by `ending`."""

LARGEST_MESSAGE = 65_536
"""Bytes of one WebSocket message from a client; all they send are subscriptions."""

Ready = Callable[[str], None]


class HttpServer:
    """The application on the address that the settings name."""

    def __init__(self, app: Starlette, settings: Settings) -> None:
        self._settings = settings
        self._server = _Server(_configuration(app, settings), app)

    async def run(self, ready: Ready) -> None:
        """Serve until `stop`; `ready` is told the base address once requests are answered.

        Raises Unavailable when the address cannot be listened on and InvalidSetting when the
        certificate cannot be used.
        """
        _load(self._server.config)
        with _listen(self._settings) as listening:
            base = _base_address(self._settings, listening)
            self._server.announce = lambda: ready(base)
            await self._server.serve(sockets=[listening])

    def stop(self) -> None:
        """Take no more connections, let running requests end, end streams; twice: at once."""
        self._server.force_exit = self._server.should_exit
        self._server.should_exit = True


async def run_server(
    app: Starlette,
    settings: Settings,
    ready: Ready,
    beside: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """Serve until SIGINT or SIGTERM, with `beside` running; raises as `HttpServer.run`."""
    server = HttpServer(app, settings)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_stop_on_signal, server)
        tasks.start_soon(beside)
        await server.run(ready)
        tasks.cancel_scope.cancel()


async def _stop_on_signal(server: HttpServer) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        async for _ in received:
            server.stop()


class _Server(uvicorn.Server):
    """A server that says when it answers, ends streams first, and leaves signals to us.

    uvicorn raises a signal that it caught once more after its own shutdown, which would end the
    process before services are closed.
    """

    announce: Callable[[], None]

    def __init__(self, config: uvicorn.Config, app: Starlette) -> None:
        super().__init__(config)
        self._stopping: anyio.Event = app.state.stopping

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.announce()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping.set()
        await super().shutdown(sockets)


def _base_address(settings: Settings, listening: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{host}:{listening.getsockname()[1]}"


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, or asyncio would leave Nagle on: 40 ms lost in an answer.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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


def _load(config: uvicorn.Config) -> None:
    if config.ssl_keyfile and not config.ssl_certfile:
        raise InvalidSetting(
            "GITOPS_TLS_KEY is set without GITOPS_TLS_CERT.", hint="Set both or neither."
        )
    try:
        config.load()
    except OSError as unusable:
        raise InvalidSetting(
            f"GITOPS_TLS_CERT and GITOPS_TLS_KEY cannot be used: {unusable.strerror or unusable}.",
            hint="They are files in PEM form, and the key belongs to the certificate.",
        ) from None


def _configuration(app: Starlette, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=http_protocol(settings.client_timeout),
        ws=websocket_protocol(settings.client_timeout),
        ws_max_size=LARGEST_MESSAGE,
        # Compressing costs more than all else that is done with a log on its way.
        ws_per_message_deflate=False,
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
