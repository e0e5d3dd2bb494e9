"""A real `gitops-auditor serve` process that is told to stop while much is under way."""

import json
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import anyio.abc
import httpx2
import pytest
from anyio.streams.text import TextReceiveStream
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.factories.owned import owned
from tests.http_api.raw import raw_client

SECONDS = 30.0
LONGEST_STOP = 5.0
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
MCP = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


class ServerProcess:
    """A running server, and its base address."""

    def __init__(self, process: anyio.abc.Process, base: str) -> None:
        self.process = process
        self.base = base

    async def stop(self) -> tuple[int, float]:
        """Send SIGTERM; returns the exit code and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        with anyio.fail_after(SECONDS):
            code = await self.process.wait()
        return code, time.monotonic() - began


@pytest.fixture
async def server(tmp_path: Path, database_url: str) -> AsyncIterator[ServerProcess]:
    environment = {
        "PATH": os.environ["PATH"],
        "GITOPS_DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": database_url,
        "GITOPS_LOG_LEVEL": "warning",
        "GITOPS_ALLOW_PRIVATE_HOSTS": "true",
    }
    command = [sys.executable, "-m", "gitops_auditor", "serve", "--port", "0"]
    opening = await anyio.open_process(command, env=environment, stderr=None)
    async with owned(opening) as process:
        try:
            assert process.stdout is not None
            yield ServerProcess(process, await announced(TextReceiveStream(process.stdout)))
        finally:
            if process.returncode is None:
                process.kill()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        yield port


async def announced(output: TextReceiveStream) -> str:
    text = ""
    with anyio.fail_after(SECONDS):
        while (found := re.search(r"Serving on (\S+) [^\n]*\n", text)) is None:
            text += await output.receive()
    return found[1]


async def test_it_ends_within_its_time_and_tells_everyone(
    server: ServerProcess, silent_port: int
) -> None:
    async with (
        httpx2.AsyncClient(base_url=server.base, timeout=SECONDS) as client,
        connect(server.base.replace("http", "ws", 1) + "/ws") as live,
        client.stream("GET", "/api/events") as events,
        raw_client(server.base) as waiting,
        anyio.create_task_group() as tasks,
    ):
        await live.send('{"type": "phase2.subscribe"}')
        await live.recv()
        opened = await client.post("/mcp", json=INITIALIZE, headers=MCP)
        session = {**MCP, "mcp-session-id": opened.headers["mcp-session-id"]}
        listening = await client.send(
            client.build_request("GET", "/mcp", headers=session), stream=True
        )
        assert listening.status_code == 200
        work = await start_endless_work(client, silent_port)
        await waiting.send(
            f"GET /api/work/{work}?wait_seconds=50 HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
        )
        answers: list[bytes] = []

        async def answer() -> None:
            answers.append(await waiting.until_closed())

        tasks.start_soon(answer)
        # Whatever answers this has read the request before.
        await client.get("/healthz")
        code, seconds = await server.stop()
        assert (code, seconds < LONGEST_STOP) == (0, True), (code, seconds)
        with pytest.raises(ConnectionClosed) as closed:
            await read_without_end(live)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        await events.aread()
        await listening.aread()
    assert b"HTTP/1.1 503" in answers[0]
    assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["code"] == "unavailable"


async def read_without_end(live: ClientConnection) -> None:
    while True:
        await live.recv()


async def start_endless_work(client: httpx2.AsyncClient, silent_port: int) -> str:
    """The id of work that does not end while the server lives: it clones from a silent host."""
    body = {"clone_url": f"https://127.0.0.1:{silent_port}/acme/tool.git"}
    started = await client.post("/api/repositories/clone", json=body)
    assert started.status_code == 202, started.text
    work_id: str = started.json()["id"]
    return work_id


async def test_an_idle_server_ends_at_once(server: ServerProcess) -> None:
    async with httpx2.AsyncClient(base_url=server.base) as client:
        assert (await client.get("/healthz")).status_code == 200
        code, seconds = await server.stop()
    assert (code, seconds < LONGEST_STOP / 2) == (0, True), (code, seconds)
