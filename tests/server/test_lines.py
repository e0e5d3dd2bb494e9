"""JSON-RPC lines over real pipes and files."""

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse

from gitops_auditor.server.lines import LineReader, Unanswered, write_messages

LIMIT = 1000
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    try:
        yield reading, writing
    finally:
        for descriptor in (reading, writing):
            try:
                os.close(descriptor)
            except OSError:
                assert descriptor == writing


class Received:
    def __init__(self, unanswered: Unanswered) -> None:
        self.unanswered = unanswered
        self.messages: MemoryObjectReceiveStream[SessionMessage | Exception]
        self.answers: MemoryObjectReceiveStream[SessionMessage]

    async def message(self) -> Any:
        item = await self.messages.receive()
        assert isinstance(item, SessionMessage)
        return item.message


@asynccontextmanager
async def reading(descriptor: int) -> AsyncIterator[Received]:
    received = Received(Unanswered())
    to_server: MemoryObjectSendStream[SessionMessage | Exception]
    to_server, received.messages = anyio.create_memory_object_stream(10)
    from_server: MemoryObjectSendStream[SessionMessage]
    from_server, received.answers = anyio.create_memory_object_stream(10)
    reader = LineReader(descriptor, LIMIT, received.unanswered)
    async with anyio.create_task_group() as tasks, received.messages, received.answers:
        tasks.start_soon(reader.pass_on, to_server, from_server)
        with anyio.fail_after(5):
            yield received
        tasks.cancel_scope.cancel()


async def test_messages_arrive_whole_however_they_are_cut() -> None:
    with pipe() as (source, sink):
        async with reading(source) as received:
            text = json.dumps(PING).encode()
            os.write(sink, text[:7])
            await anyio.lowlevel.checkpoint()
            os.write(sink, text[7:] + b"\n\n" + text + b"\n")
            first, second = await received.message(), await received.message()
            assert isinstance(first, JSONRPCRequest)
            assert first == second


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{not json\n", -32700),
        (b'{"jsonrpc": "1.0"}\n', -32700),
        (b"\xff\xfe\n", -32700),
        (b"x" * (LIMIT + 1) + b"\n", -32600),
        (b"x" * (LIMIT * 200) + b"\n", -32600),
    ],
    ids=["syntax", "shape", "encoding", "long", "longer than a read"],
)
async def test_a_line_that_is_no_message_is_answered_and_the_next_one_is_read(
    line: bytes, code: int
) -> None:
    with pipe() as (source, sink):
        async with reading(source) as received:
            both = line + json.dumps(PING).encode() + b"\n"
            await anyio.to_thread.run_sync(_write_all, sink, both)
            answer = (await received.answers.receive()).message
            assert isinstance(answer, JSONRPCError)
            assert (answer.id, answer.error.code) == (None, code)
            assert isinstance(await received.message(), JSONRPCRequest)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


async def test_a_regular_file_is_read_to_its_end(tmp_path: Path) -> None:
    script = tmp_path / "requests"
    script.write_text(json.dumps(PING), encoding="utf-8")
    descriptor = os.open(script, os.O_RDONLY)
    try:
        async with reading(descriptor) as received:
            assert isinstance(await received.message(), JSONRPCRequest)
            received.unanswered.answered(JSONRPCResponse(jsonrpc="2.0", id=1, result={}))
            with pytest.raises(anyio.EndOfStream):
                await received.message()
    finally:
        os.close(descriptor)


async def test_the_end_of_input_waits_until_what_was_asked_is_answered() -> None:
    with pipe() as (source, sink):
        async with reading(source) as received:
            os.write(sink, json.dumps(PING).encode() + b"\n")
            os.close(sink)
            await received.message()
            await anyio.lowlevel.checkpoint()
            with pytest.raises(anyio.WouldBlock):
                received.messages.receive_nowait()
            received.unanswered.answered(JSONRPCResponse(jsonrpc="2.0", id=1, result={}))
            with pytest.raises(anyio.EndOfStream):
                await received.message()


async def test_a_message_longer_than_the_pipe_is_written_without_blocking_the_loop() -> None:
    result = {"text": "x" * 300_000}
    with pipe() as (source, sink):
        send, outgoing = anyio.create_memory_object_stream[SessionMessage](1)
        await send.send(SessionMessage(JSONRPCResponse(jsonrpc="2.0", id=1, result=result)))
        await send.aclose()
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(write_messages, sink, outgoing, Unanswered())
                written = b""
                while not written.endswith(b"\n"):
                    await anyio.wait_readable(source)
                    written += os.read(source, 65_536)
        assert json.loads(written)["result"] == result
