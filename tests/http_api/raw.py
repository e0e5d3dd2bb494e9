"""A client that speaks bytes, for everything that a well-behaved one does not do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import anyio

SECONDS = 10.0
"""Longer than any test lets the server wait."""


class RawClient:
    """One connection. It takes in nothing unasked, and every wait is bounded by SECONDS."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    async def send(self, data: bytes) -> None:
        """Send as it is."""
        with anyio.fail_after(SECONDS):
            await asyncio.get_running_loop().sock_sendall(self._socket, data)

    async def receive_until(self, marker: bytes) -> bytes:
        """What comes, up to the first part that holds `marker`."""
        received = b""
        with anyio.fail_after(SECONDS):
            while marker not in received:
                part = await self._receive()
                assert part, received
                received += part
        return received

    async def until_closed(self) -> bytes:
        """Everything the server still sends before it closes the connection."""
        received = b""
        with anyio.fail_after(SECONDS):
            while part := await self._receive():
                received += part
        return received

    async def trickle(self, byte: bytes) -> bytes:
        """Send a byte every few milliseconds until the server closes; returns what it sent."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._drip, byte)
            received = await self.until_closed()
            tasks.cancel_scope.cancel()
        return received

    async def _drip(self, byte: bytes) -> None:
        while True:
            try:
                await self.send(byte)
            except ConnectionError:
                return
            await anyio.sleep(0.02)

    async def _receive(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, 65_536)
        except ConnectionError:
            return b""


@asynccontextmanager
async def raw_client(base: str, receive_buffer: int | None = None) -> AsyncIterator[RawClient]:
    """A connection to the server at `base`; a small receive buffer makes a slow reader."""
    address = urlsplit(base)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as connecting:
        if receive_buffer is not None:
            connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connecting.setblocking(False)
        where = (address.hostname, address.port)
        await asyncio.get_running_loop().sock_connect(connecting, where)
        yield RawClient(connecting)
