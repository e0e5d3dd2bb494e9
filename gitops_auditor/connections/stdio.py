"""MCP over the standard streams of a program: a message a line (MCP transports, stdio)."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio

from gitops_auditor.connections.programs import Command, Program
from gitops_auditor.execution.masking import Masker
from gitops_auditor.log import get_logger

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.shared.message import SessionMessage

    Incoming = MemoryObjectSendStream[SessionMessage | Exception]
    Outgoing = MemoryObjectReceiveStream[SessionMessage]
    Streams = tuple[
        MemoryObjectReceiveStream[SessionMessage | Exception],
        MemoryObjectSendStream[SessionMessage],
    ]

MAX_MESSAGE_BYTES: Final = 16 * 2**20
MAX_NOISE_BYTES: Final = 2**20
"""Of lines that are no message, between two that are."""
MAX_LOGGED_LINES: Final = 1_000
"""Of one program's standard error; what comes after is not logged."""

_CHUNK = 65536
_LINE = 2_000
_LAST_WORDS_SECONDS = 0.5
_log = get_logger("connections")


class StdioTransport:
    """One program and the two streams of messages with it.

    `on_end` is called when it says nothing more. `reason` then tells why it was given up, and
    `last_words` is the end of its standard error, masked.
    """

    def __init__(
        self, server: str, command: Command, masker: Masker, on_end: Callable[[], None]
    ) -> None:
        self.reason = ""
        self.last_words = ""
        self.ended = False
        self._server = server
        self._command = command
        self._masker = masker
        self._on_end = on_end
        self._noise = 0
        self._silent = anyio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Streams"]:
        """Start the program; it has ended, with everything it started, when the block is left.

        Raises Unavailable when it cannot be started.
        """
        program = Program(self._command)
        to_session, incoming = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
        outgoing, from_session = anyio.create_memory_object_stream["SessionMessage"](0)
        try:
            await program.started()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._read, program.stdout, to_session)
                tasks.start_soon(self._write, program.stdin, from_session)
                tasks.start_soon(self._log_errors, program.stderr)
                try:
                    yield incoming, outgoing
                finally:
                    if self.ended:
                        with anyio.move_on_after(_LAST_WORDS_SECONDS, shield=True):
                            await self._silent.wait()
                    tasks.cancel_scope.cancel()
        finally:
            for stream in (to_session, incoming, outgoing, from_session):
                stream.close()
            with anyio.CancelScope(shield=True):
                await program.end()

    async def _read(self, descriptor: int, to_session: "Incoming") -> None:
        try:
            async for line in self._lines(descriptor):
                message = self._message(line)
                if message is not None:
                    self._noise = 0
                    await to_session.send(message)
                elif self._is_too_noisy(line):
                    break
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return
        finally:
            # Before the session learns of it, so that whoever explains its error knows.
            self.ended = True
            to_session.close()
            self._on_end()

    async def _lines(self, descriptor: int) -> AsyncIterator[bytes]:
        held: list[bytes] = []
        size = 0
        while chunk := await _received(descriptor):
            first, *rest = chunk.split(b"\n")
            held.append(first)
            size += len(first)
            if rest:
                yield b"".join(held)
                for line in rest[:-1]:
                    yield line
                held, size = [rest[-1]], len(rest[-1])
            if size > MAX_MESSAGE_BYTES:
                self.reason = f"it sent a line of more than {MAX_MESSAGE_BYTES} bytes"
                return

    def _message(self, line: bytes) -> "SessionMessage | None":
        from mcp.shared.message import SessionMessage  # noqa: PLC0415 - only who connects pays
        from mcp_types import jsonrpc_message_adapter  # noqa: PLC0415 - only who connects pays

        try:
            return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
        except ValueError:
            return None

    def _is_too_noisy(self, line: bytes) -> bool:
        if line.strip():
            text = line[:_LINE].decode(errors="replace")
            _log.debug("Not a message", server=self._server, line=self._masker.mask(text))
        self._noise += len(line) + 1
        if self._noise > MAX_NOISE_BYTES:
            self.reason = (
                f"it wrote more than {MAX_NOISE_BYTES} bytes to its standard output that are no"
                " messages"
            )
        return self._noise > MAX_NOISE_BYTES

    async def _write(self, descriptor: int, from_session: "Outgoing") -> None:
        async with from_session:
            async for message in from_session:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                if not await _sent(descriptor, text.encode() + b"\n"):
                    return

    async def _log_errors(self, descriptor: int) -> None:
        stream = self._masker.stream()
        held = b""
        logged = 0
        while chunk := await _received(descriptor):
            *lines, held = (held + stream.feed(chunk)).split(b"\n")
            if len(held) > _LINE:
                lines, held = [*lines, held], b""
            for line in lines:
                self._keep(line)
                if logged < MAX_LOGGED_LINES:
                    logged += 1
                    text = line[:_LINE].decode(errors="replace")
                    _log.info("Standard error", server=self._server, line=text)
        self._keep(held + stream.finish())
        self._silent.set()

    def _keep(self, line: bytes) -> None:
        text = line[:_LINE].decode(errors="replace").strip()
        self.last_words = text or self.last_words


async def _received(descriptor: int) -> bytes:
    """The next piece; empty at the end."""
    while True:
        await anyio.wait_readable(descriptor)
        try:
            return os.read(descriptor, _CHUNK)
        except BlockingIOError:
            continue
        except ConnectionResetError:
            return b""


async def _sent(descriptor: int, data: bytes) -> bool:
    """Whether the other side took all of it."""
    left = memoryview(data)
    while left:
        await anyio.wait_writable(descriptor)
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            continue
        except BrokenPipeError:
            return False
    return True
