"""Newline-delimited JSON-RPC over file descriptors (the stdio transport of MCP).

No thread is parked in a read or a write, so the process can end at any moment.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import anyio
import anyio.lowlevel
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError

SETTLE_SECONDS = 1.0
"""Time that calls under way get to answer once input has ended, as it does for `printf ... |`."""

_READ_BYTES = 65_536
_ATOMIC_WRITE: Final = 4096
"""A pipe that polls as writable takes this much without blocking (PIPE_BUF on Linux)."""

_STREAMING = frozenset({"subscriptions/listen"})
"""Requests that are answered when the client leaves, and not before."""


class Unanswered:
    """The requests that the client still waits for."""

    def __init__(self) -> None:
        self._ids: set[RequestId] = set()
        self._none_left = anyio.Event()

    def asked(self, message: JSONRPCMessage) -> None:
        """Remember a request."""
        if isinstance(message, JSONRPCRequest) and message.method not in _STREAMING:
            self._ids.add(message.id)

    def answered(self, message: JSONRPCMessage) -> None:
        """Forget the request that this answers."""
        if isinstance(message, JSONRPCResponse | JSONRPCError) and message.id is not None:
            self._ids.discard(message.id)
            if not self._ids:
                self._none_left.set()

    async def settle(self) -> None:
        """Wait until everything is answered, for SETTLE_SECONDS at most."""
        if self._ids:
            self._none_left = anyio.Event()
            with anyio.move_on_after(SETTLE_SECONDS):
                await self._none_left.wait()


class LineReader:
    """Reads messages of at most `limit` bytes, one a line."""

    def __init__(self, descriptor: int, limit: int, unanswered: Unanswered) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._unanswered = unanswered

    async def pass_on(
        self,
        received: MemoryObjectSendStream[SessionMessage | Exception],
        answers: MemoryObjectSendStream[SessionMessage],
    ) -> None:
        """Pass on each message until the end of input; answer a line that is not a message."""
        async with received, answers:
            async for line in self._lines():
                message = self._parsed(line)
                if isinstance(message, JSONRPCError) and message.id is None:
                    await answers.send(SessionMessage(message))
                else:
                    self._unanswered.asked(message)
                    await received.send(SessionMessage(message))
            await self._unanswered.settle()

    def _parsed(self, line: bytes | None) -> JSONRPCMessage:
        if line is None:
            return _refusal(INVALID_REQUEST, f"A message may have at most {self._limit} bytes.")
        try:
            return jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValidationError:
            return _refusal(PARSE_ERROR, "This line is not a JSON-RPC 2.0 message.")

    async def _lines(self) -> AsyncIterator[bytes | None]:
        """Each line that is not blank; None in place of one that is too long."""
        pending, skipping = bytearray(), False
        async for chunk in _chunks(self._descriptor):
            pending += chunk
            *complete, rest = pending.split(b"\n") if b"\n" in chunk else [pending]
            for line in complete:
                if skipping or len(line) > self._limit:
                    yield None
                elif line.strip():
                    yield bytes(line)
                skipping = False
            skipping = skipping or len(rest) > self._limit
            pending = bytearray() if skipping else rest
        if skipping or pending.strip():
            yield None if skipping else bytes(pending)


async def write_messages(
    descriptor: int,
    outgoing: MemoryObjectReceiveStream[SessionMessage],
    unanswered: Unanswered,
) -> None:
    """Write each message as one line until there are no more; raises OSError when nobody reads."""
    async with outgoing:
        async for sent in outgoing:
            text = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
            await _write(descriptor, text.encode() + b"\n")
            unanswered.answered(sent.message)


def _refusal(code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=message))


async def _chunks(descriptor: int) -> AsyncIterator[bytes]:
    while True:
        await _ready(anyio.wait_readable, descriptor)
        try:
            chunk = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            continue
        if not chunk:
            return
        yield chunk


async def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        await _ready(anyio.wait_writable, descriptor)
        try:
            written = os.write(descriptor, view[:_ATOMIC_WRITE])
        except BlockingIOError:
            continue
        view = view[written:]


async def _ready(wait: Callable[[int], Awaitable[None]], descriptor: int) -> None:
    try:
        await wait(descriptor)
    except PermissionError:
        # A regular file cannot be waited for, and never blocks.
        await anyio.lowlevel.checkpoint()
