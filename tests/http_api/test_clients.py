"""Clients that are too slow: they are disconnected, and everyone else is served meanwhile."""

import json
from collections.abc import AsyncIterator, Iterable

import anyio
import anyio.lowlevel
import httpx2
import pytest
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from gitops_auditor.config import Settings
from gitops_auditor.errors import JsonValue
from gitops_auditor.services import Services
from tests.http_api.raw import RawClient, raw_client

HEAD = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n"
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
SUBSCRIBE = b'{"type": "phase2.subscribe", "after": 0}'
SECONDS = 20


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"client_timeout": 0.3})


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HEAD, HANDSHAKE])
async def test_a_client_that_does_not_finish_its_head_is_disconnected(
    live_server: str, sent: bytes
) -> None:
    async with raw_client(live_server) as client:
        await client.send(sent)
        assert await client.until_closed() == b""


async def test_trickling_header_lines_gives_no_more_time(live_server: str) -> None:
    async with raw_client(live_server) as client:
        await client.send(HEAD + b"x-")
        assert await client.trickle(b"a") == b""


async def test_the_second_request_of_a_connection_is_bounded_too(live_server: str) -> None:
    async with raw_client(live_server) as client:
        await client.send(HEAD + b"\r\n")
        assert b"alive" in await client.receive_until(b"}")
        await client.send(HEAD)
        assert await client.until_closed() == b""


async def test_slow_clients_do_not_keep_others_from_being_served(live_server: str) -> None:
    async with raw_client(live_server), httpx2.AsyncClient(base_url=live_server) as client:
        assert (await client.get("/healthz")).status_code == 200


async def test_a_websocket_outlives_the_time_for_a_request(live_server: str) -> None:
    async with (
        connect(live_server.replace("http", "ws", 1) + "/ws") as socket,
        raw_client(live_server) as slow,
    ):
        # A connection that was made later is cut off for its slowness first.
        await slow.until_closed()
        await socket.send(SUBSCRIBE.decode())
        assert json.loads(await socket.recv())["type"] == "phase2.subscribed"


async def open_websocket(client: RawClient) -> None:
    await client.send(HANDSHAKE + b"\r\n")
    await client.receive_until(b"\r\n\r\n")
    # RFC 6455 section 5.2: final text frame, masked with zeros.
    await client.send(bytes([0x81, 0x80 | len(SUBSCRIBE)]) + b"\0\0\0\0" + SUBSCRIBE)


async def open_event_stream(client: RawClient) -> None:
    await client.send(b"GET /api/events?after=0 HTTP/1.1\r\nhost: localhost\r\n\r\n")


async def publish(services: Services, numbers: Iterable[int]) -> None:
    for number in numbers:
        async with services.database.write() as transaction:
            data: dict[str, JsonValue] = {"number": number, "filler": "x" * 40_000}
            await services.events.append(transaction, "operations", "work.progress", data)


class TestSlowReaders:
    @pytest.fixture(params=["websocket", "events"])
    async def stalled(
        self, request: pytest.FixtureRequest, live_server: str
    ) -> AsyncIterator[RawClient]:
        """A client that asked for events and takes none."""
        async with raw_client(live_server, receive_buffer=4096) as client:
            await (open_websocket if request.param == "websocket" else open_event_stream)(client)
            yield client

    @pytest.mark.usefixtures("stalled")
    async def test_one_that_takes_nothing_is_disconnected_and_the_others_miss_nothing(
        self, app: Starlette, services: Services, live_server: str
    ) -> None:
        async with connect(live_server.replace("http", "ws", 1) + "/ws") as socket:
            await socket.send(SUBSCRIBE.decode())
            await socket.recv()
            with anyio.fail_after(SECONDS):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(publish, services, range(250))
                    # Read while they come: a client that waits with it is one that takes nothing.
                    numbers = [
                        json.loads(await socket.recv())["data"]["number"] for _ in range(250)
                    ]
                assert numbers == list(range(250))
                while app.state.live.count > 1:
                    await anyio.lowlevel.checkpoint()
