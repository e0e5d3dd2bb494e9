"""Which hosts and origins the server answers to."""

import httpx2
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gitops_auditor.config import Settings, load_settings
from gitops_auditor.http_api.hosts import HostGuard


def guarded(**settings: object) -> httpx2.AsyncClient:
    async def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    app = HostGuard(Starlette(routes=[Route("/", answer)]), load_settings({}, **settings))
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app), base_url="http://127.0.0.1:3070"
    )


@pytest.mark.parametrize("host", ["127.0.0.1:3070", "localhost:3070", "[::1]:3070", "localhost"])
async def test_loopback_names_are_answered(host: str) -> None:
    async with guarded() as client:
        assert (await client.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "10.1.2.3:3070", "127.0.0.1.evil.example", "["])
async def test_a_rebound_name_is_refused_on_a_loopback_server(host: str) -> None:
    async with guarded() as client:
        response = await client.get("/", headers={"host": host})
        assert response.status_code == 421
        assert response.json()["code"] == "misdirected_request"


async def test_a_server_for_others_answers_to_addresses_and_listed_names() -> None:
    async with guarded(host="0.0.0.0", allowed_hosts=("gitops.example",)) as client:
        for host, status in (("10.1.2.3:3070", 200), ("gitops.example", 200), ("x.example", 421)):
            assert (await client.get("/", headers={"host": host})).status_code == status


async def test_the_public_address_is_answered() -> None:
    async with guarded(public_url="https://gitops.example", token=SecretStr("x")) as client:
        headers = {"host": "gitops.example", "origin": "https://gitops.example"}
        assert (await client.get("/", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:3070", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://localhost:9999", 403),
    ],
)
async def test_only_our_own_origin_may_call_from_a_browser(origin: str, status: int) -> None:
    async with guarded() as client:
        assert (await client.get("/", headers={"origin": origin})).status_code == status


async def test_a_listed_origin_may_call() -> None:
    async with guarded(allowed_origins=("http://localhost:5173",)) as client:
        response = await client.get("/", headers={"origin": "http://localhost:5173"})
        assert response.status_code == 200


async def preflight(client: httpx2.AsyncClient, origin: str, method: str) -> httpx2.Response:
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization, content-type, if-match",
    }
    return await client.options("/api/repositories", headers=headers)


class TestCrossOrigin:
    PAGE = "http://localhost:5173"

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"allowed_origins": (self.PAGE,), "require_token": True})

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
    async def test_a_listed_origin_may_ask_first_without_a_token(
        self, http_client: httpx2.AsyncClient, method: str
    ) -> None:
        response = await preflight(http_client, self.PAGE, method)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == self.PAGE
        assert method in response.headers["access-control-allow-methods"]

    async def test_another_origin_may_not(self, http_client: httpx2.AsyncClient) -> None:
        response = await preflight(http_client, "http://evil.example", "GET")
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers

    async def test_a_page_of_a_listed_origin_reads_answers_and_their_headers(
        self, http_client: httpx2.AsyncClient
    ) -> None:
        response = await http_client.get("/api/repositories", headers={"origin": self.PAGE})
        assert response.status_code == 401
        assert response.headers["access-control-allow-origin"] == self.PAGE
        assert "ETag" in response.headers["access-control-expose-headers"]


async def test_without_listed_origins_no_page_is_given_leave(
    http_client: httpx2.AsyncClient,
) -> None:
    own = "http://127.0.0.1:3070"
    response = await http_client.get("/api/repositories", headers={"origin": own})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers
