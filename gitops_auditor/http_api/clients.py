"""Bounds on what one client connection may hold up: whoever is too slow is disconnected."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import h11
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Deadline:
    """Calls `expire` unless it is cancelled within `seconds` of its start."""

    def __init__(self, seconds: float, expire: Callable[[], None]) -> None:
        self._seconds = seconds
        self._expire = expire
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to count; when it counts already, go on."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._seconds, self._expire)

    def cancel(self) -> None:
        """Stop counting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedHttp(H11Protocol):
    """HTTP/1.1 with `patience` seconds for a request's head, for what is left of a body after its
    answer, and for taking in what was sent. An idle connection is bounded by uvicorn's keep-alive.
    """

    patience: ClassVar[float] = 15.0

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._asking = Deadline(self.patience, transport.abort)
        self._taking = Deadline(self.patience, transport.abort)
        self._asking.start()

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if _unanswered(self.cycle) or self.transport.get_protocol() is not self:
            self._asking.cancel()
        else:
            self._asking.start()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._asking.cancel()
        self._taking.cancel()
        super().connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.start()

    @override
    def resume_writing(self) -> None:
        self._taking.cancel()
        super().resume_writing()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._asking.start()
        # A transport that is closing waits without end for its client to take the rest.
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._taking.start()

    @override
    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.transport.abort()


def _unanswered(cycle: RequestResponseCycle | None) -> bool:
    return cycle is not None and not cycle.response_complete


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose client has `patience` seconds to take in what was sent."""

    patience: ClassVar[float] = 15.0

    @override
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._taking = Deadline(self.patience, transport.abort)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._taking.cancel()
        super().connection_lost(exc)

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.start()

    @override
    def resume_writing(self) -> None:
        self._taking.cancel()
        super().resume_writing()

    @override
    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            self.transport.abort()


def http_protocol(patience: float) -> type[BoundedHttp]:
    """The HTTP protocol for clients that may take `patience` seconds."""
    return type("BoundedHttp", (BoundedHttp,), {"patience": patience})


def websocket_protocol(patience: float) -> type[BoundedWebSocket]:
    """The WebSocket protocol for clients that may take `patience` seconds."""
    return type("BoundedWebSocket", (BoundedWebSocket,), {"patience": patience})
