"""The server as a child process on standard input and output, as editors run it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp_types import TextContent

OURS = ["-m", "gitops_auditor", "stdio"]
NOISY = ["-m", "tests.server.noisy_stdio"]
ROOT = Path(__file__).parents[2]
SECONDS = 30
STOP_SECONDS = 5

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def call(tool: str, number: int = 2) -> dict[str, Any]:
    return {
        "jsonrpc": "2.0",
        "id": number,
        "method": "tools/call",
        "params": {"name": tool, "arguments": {}},
    }


def environment(data_dir: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data_dir.parent),
        "GITOPS_DATA_DIR": str(data_dir),
        # So that coverage sees what the child runs.
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
    }


class Child:
    """A server process, spoken to by the line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    def send(self, *messages: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        for message in messages:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")

    async def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            line = await self.process.stdout.readline()
        message: dict[str, Any] = json.loads(line)
        return message

    async def greet(self) -> None:
        self.send(INITIALIZE)
        assert "result" in await self.receive()
        self.send(INITIALIZED)

    async def rest(self) -> bytes:
        assert self.process.stdout is not None
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.stdout.read()

    async def status(self) -> int:
        async with asyncio.timeout(STOP_SECONDS):
            return await self.process.wait()


@asynccontextmanager
async def child(arguments: list[str], data_dir: Path) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        cwd=ROOT,
        env=environment(data_dir),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=2**22,
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
        # Reads to the end, so that both pipes are closed before the loop is.
        await process.communicate()


async def test_a_client_of_either_era_lists_and_calls_tools(era: str, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    parameters = StdioServerParameters(
        command=sys.executable, args=OURS, env=environment(data_dir), cwd=ROOT
    )
    async with asyncio.timeout(SECONDS), Client(parameters, mode=era) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("list_repositories", {})
    assert "list_repositories" in names
    assert result.structured_content["items"] == []


async def test_nothing_but_the_protocol_reaches_standard_output(tmp_path: Path) -> None:
    async with child([*NOISY, str(tmp_path / "data")], tmp_path / "data") as server:
        await server.greet()
        server.send(call("make_some_noise"))
        answer = await server.receive()
        assert answer["id"] == 2
        assert answer["result"]["structuredContent"] == {"from_input": ""}
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert await server.rest() == b""


async def test_requests_piped_in_are_answered_before_the_process_ends(tmp_path: Path) -> None:
    async with child(OURS, tmp_path / "data") as server:
        server.send(INITIALIZE, INITIALIZED, call("list_repositories"))
        assert server.process.stdin is not None
        server.process.stdin.close()
        assert (await server.receive())["id"] == 1
        assert (await server.receive())["result"]["isError"] is False
        assert await server.status() == 0


async def test_a_file_can_be_standard_input(tmp_path: Path) -> None:
    script = tmp_path / "requests"
    messages = (INITIALIZE, INITIALIZED, call("list_repositories"))
    script.write_text("".join(json.dumps(sent) + "\n" for sent in messages), encoding="utf-8")
    with script.open("rb") as requests:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *OURS,
            cwd=ROOT,
            env=environment(tmp_path / "data"),
            stdin=requests,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    assert [json.loads(line)["id"] for line in output.splitlines()] == [1, 2]
    assert process.returncode == 0


@pytest.mark.parametrize("ending", ["end of input", "SIGTERM", "SIGINT"])
async def test_the_process_ends_in_time_though_a_call_still_runs(
    ending: str, tmp_path: Path
) -> None:
    async with child([*NOISY, str(tmp_path / "data")], tmp_path / "data") as server:
        await server.greet()
        server.send(call("wait_forever"), {"jsonrpc": "2.0", "id": 3, "method": "ping"})
        assert (await server.receive())["id"] == 3
        if ending == "end of input":
            assert server.process.stdin is not None
            server.process.stdin.close()
        else:
            server.process.send_signal(getattr(signal, ending))
        await server.rest()
        assert await server.status() == 0


async def test_a_client_that_stops_reading_does_not_keep_the_process(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *OURS,
        cwd=ROOT,
        env=environment(tmp_path / "data"),
        stdin=asyncio.subprocess.PIPE,
        stdout=writing,
        stderr=asyncio.subprocess.DEVNULL,
    )
    os.close(writing)
    os.close(reading)
    assert process.stdin is not None
    process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
    try:
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_database_that_cannot_be_opened_is_explained_by_each_call(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    parameters = StdioServerParameters(
        command=sys.executable, args=OURS, env=environment(blocked / "data"), cwd=ROOT
    )
    async with asyncio.timeout(SECONDS), Client(parameters) as client:
        assert (await client.list_tools()).tools
        result = await client.call_tool("list_repositories", {})
    assert result.is_error
    [content] = result.content
    assert isinstance(content, TextContent)
    assert "GITOPS_DATA_DIR" in content.text


async def test_a_line_that_is_no_message_is_answered_as_such(tmp_path: Path) -> None:
    async with child(OURS, tmp_path / "data") as server:
        assert server.process.stdin is not None
        server.process.stdin.write(b"{broken\n")
        answer = await server.receive()
        assert answer["error"]["code"] == -32700
        await server.greet()
