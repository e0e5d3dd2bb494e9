"""Live events over WebSocket and server-sent events, against a real server."""

import json
from typing import Any

import anyio
import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gitops_auditor.config import Settings
from gitops_auditor.http_api.live import CHANNELS
from gitops_auditor.services import Services

SECONDS = 10


def socket_address(base: str) -> str:
    return base.replace("http", "ws", 1) + "/ws"


async def publish(services: Services, channel: str, name: str, number: int = 0) -> int:
    async with services.database.write() as transaction:
        return await services.events.append(transaction, channel, name, {"number": number})


async def message(socket: ClientConnection) -> dict[str, Any]:
    with anyio.fail_after(SECONDS):
        received: dict[str, Any] = json.loads(await socket.recv())
        return received


async def subscribe(socket: ClientConnection, **asked: Any) -> dict[str, Any]:
    await socket.send(json.dumps({"type": "phase2.subscribe", **asked}))
    return await message(socket)


async def test_a_subscriber_receives_an_event_as_it_is_published(
    live_server: str, services: Services
) -> None:
    async with connect(socket_address(live_server)) as socket:
        answer = await subscribe(socket, channels=["dependencies"])
        assert answer["type"] == "phase2.subscribed"
        seq = await publish(services, "dependencies", "scan.completed", 7)
        event = await message(socket)
    assert event.pop("timestamp")
    assert event == {
        "type": "phase2.event",
        "seq": seq,
        "channel": "dependencies",
        "event": "scan.completed",
        "data": {"number": 7},
    }


async def test_other_channels_are_not_delivered(live_server: str, services: Services) -> None:
    async with connect(socket_address(live_server)) as socket:
        await subscribe(socket, channels=["dependencies"])
        await publish(services, "repositories", "repository.registered")
        await publish(services, "dependencies", "scan.completed")
        assert (await message(socket))["channel"] == "dependencies"


async def test_a_client_that_resumes_misses_nothing(live_server: str, services: Services) -> None:
    async with connect(socket_address(live_server)) as socket:
        start = (await subscribe(socket))["seq"]
    for number in range(250):
        await publish(services, "operations", "work.progress", number)
    async with connect(socket_address(live_server)) as socket:
        await subscribe(socket, after=start)
        numbers = [(await message(socket))["data"]["number"] for _ in range(250)]
    assert numbers == list(range(250))


async def test_a_cursor_older_than_what_is_kept_gets_a_reset(
    live_server: str, services: Services
) -> None:
    for number in range(20):
        await publish(services, "operations", "work.progress", number)
    await services.events.prune(5)
    async with connect(socket_address(live_server)) as socket:
        await subscribe(socket, after=1)
        assert (await message(socket))["type"] == "phase2.reset"


@pytest.mark.parametrize(
    "text", ["{", '{"type": "hello"}', '{"type": "phase2.subscribe", "channels": ["nothing"]}']
)
async def test_a_message_that_is_not_understood_is_answered_and_the_socket_stays(
    live_server: str, text: str
) -> None:
    async with connect(socket_address(live_server)) as socket:
        await socket.send(text)
        assert (await message(socket))["type"] == "phase2.error"
        assert (await subscribe(socket))["type"] == "phase2.subscribed"


async def test_a_new_subscription_replaces_the_old_one(
    live_server: str, services: Services
) -> None:
    async with connect(socket_address(live_server)) as socket:
        await subscribe(socket, channels=["operations"])
        await subscribe(socket, channels=["dependencies"])
        await publish(services, "operations", "work.progress")
        await publish(services, "dependencies", "scan.completed")
        assert (await message(socket))["channel"] == "dependencies"


async def test_a_foreign_origin_is_refused(live_server: str) -> None:
    with pytest.raises(Exception, match=r"403|rejected"):
        await connect(socket_address(live_server), origin="http://evil.example")  # type: ignore[arg-type]


class TestLimits:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(
            update={"websocket_max_connections": 1, "websocket_quality_metrics": False}
        )

    async def test_one_connection_too_many_is_refused_with_1013(self, live_server: str) -> None:
        async with connect(socket_address(live_server)) as first:
            await subscribe(first)
            with pytest.raises(ConnectionClosed) as refused:
                async with connect(socket_address(live_server)) as second:
                    await second.recv()
        assert refused.value.rcvd is not None
        assert refused.value.rcvd.code == 1013

    async def test_a_channel_that_is_switched_off_is_not_delivered(self, live_server: str) -> None:
        async with connect(socket_address(live_server)) as socket:
            answer = await subscribe(socket, channels=["quality", "operations"])
        assert answer["channels"] == ["operations"]


async def read_stream(base: str, query: str, wanted: int, **headers: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    async with (
        httpx2.AsyncClient(base_url=base) as client,
        client.stream("GET", f"/api/events{query}", headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        with anyio.fail_after(SECONDS):
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    found.append(json.loads(line.removeprefix("data: ")))
                if len(found) == wanted:
                    break
    return found


async def test_server_sent_events_resume_after_the_last_event_id(
    live_server: str, services: Services
) -> None:
    first = await publish(services, "operations", "work.progress", 1)
    second = await publish(services, "operations", "work.progress", 2)
    (event,) = await read_stream(live_server, "", 1, **{"last-event-id": str(first)})
    assert (event["seq"], event["data"]) == (second, {"number": 2})


async def test_server_sent_events_take_channels(live_server: str, services: Services) -> None:
    start = await publish(services, "operations", "work.progress")
    await publish(services, "operations", "work.progress")
    await publish(services, "dependencies", "scan.completed")
    (event,) = await read_stream(live_server, f"?after={start}&channels=dependencies", 1)
    assert event["event"] == "scan.completed"


async def test_an_unknown_channel_and_a_bad_cursor_are_refused(live_server: str) -> None:
    async with httpx2.AsyncClient(base_url=live_server) as client:
        for query in ("channels=nothing", "after=soon"):
            response = await client.get(f"/api/events?{query}")
            assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


def test_the_documented_channels_are_offered() -> None:
    assert {"pipelines", "quality", "templates", "dependencies", "operations"} <= set(CHANNELS)
