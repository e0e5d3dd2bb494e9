"""How large a body may be and how long it may take, whatever the application makes of it."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gitops_auditor.config import Settings
from gitops_auditor.http_api.bodies import BodyLimit
from gitops_auditor.services import Services
from tests.http_api.assertions import assert_error
from tests.http_api.raw import RawClient, raw_client

CHUNK = b"x" * 65_536


async def endless(services: Services) -> AsyncIterator[bytes]:
    for _ in range(services.settings.max_body_bytes // len(CHUNK) + 2):
        yield CHUNK


@pytest.mark.parametrize("path", ["/api/repositories", "/mcp"])
async def test_a_body_over_the_limit_answers_413(
    live_server: str, services: Services, path: str
) -> None:
    content = b'{"a": "' + b"x" * services.settings.max_body_bytes + b'"}'
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    async with httpx2.AsyncClient(base_url=live_server, headers=headers) as client:
        response = await client.post(path, content=content)
        assert assert_error(response, 413, "too_large")["details"]["limit"] == 1_048_576
        response = await client.post(path, content=endless(services))
        assert_error(response, 413, "too_large")


async def test_an_application_that_survives_the_limit_does_not_answer() -> None:
    async def stubborn(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await Request(scope, receive).body()
        except Exception:  # noqa: BLE001 - what an application that catches everything does
            await PlainTextResponse("fine")(scope, receive, send)

    transport = httpx2.ASGITransport(app=BodyLimit(stubborn, 10, 5))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:

        async def content() -> AsyncIterator[bytes]:
            yield b"x" * 11

        response = await client.post("/", content=content())
    assert response.status_code == 413


class TestSlowBodies:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"client_timeout": 0.3})

    async def test_a_body_that_does_not_end_answers_504(self, live_server: str) -> None:
        async with raw_client(live_server) as client:
            await self._begin(client)
            assert b"HTTP/1.1 504" in await client.until_closed()

    async def test_a_body_that_trickles_is_not_given_more_time(self, live_server: str) -> None:
        async with raw_client(live_server) as client:
            await self._begin(client)
            assert b"HTTP/1.1 504" in await client.trickle(b" ")

    async def _begin(self, client: RawClient) -> None:
        await client.send(
            b"POST /api/repositories HTTP/1.1\r\nhost: localhost\r\n"
            b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
        )
