"""Who may call: bearer tokens off loopback, roles, WebSockets."""

import json

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gitops_auditor.config import Settings
from gitops_auditor.http_api.auth import SUBPROTOCOL
from gitops_auditor.identity import Role
from tests.http_api.assertions import assert_error
from tests.http_api.conftest import TokenMaker


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def socket_address(base: str) -> str:
    return base.replace("http", "ws", 1) + "/ws"


@pytest.mark.parametrize(
    "value", ["Bearer goa_unknown", "Bearer ", "Basic YTpi", "goa_x", "Bearer \u00e9"]
)
async def test_a_credential_that_is_not_valid_is_refused_even_where_none_is_needed(
    http_client: httpx2.AsyncClient, value: str
) -> None:
    headers = [("authorization", value.encode("latin-1"))]
    response = await http_client.get("/api/repositories", headers=headers)  # type: ignore[arg-type]
    assert_error(response, 401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")


class TestOffLoopback:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"host": "0.0.0.0"})

    @pytest.mark.parametrize("path", ["/api/repositories", "/api/openapi.json", "/api/events"])
    async def test_a_caller_without_a_token_is_refused(
        self, http_client: httpx2.AsyncClient, path: str
    ) -> None:
        response = await http_client.get(path)
        assert "token create" in assert_error(response, 401, "unauthenticated")["error"]
        assert response.headers["www-authenticate"].startswith("Bearer")

    async def test_mcp_without_a_token_is_refused(self, http_client: httpx2.AsyncClient) -> None:
        assert_error(await http_client.post("/mcp", json={}), 401, "unauthenticated")

    async def test_liveness_needs_no_token(self, http_client: httpx2.AsyncClient) -> None:
        assert (await http_client.get("/healthz")).status_code == 200

    async def test_a_viewer_reads_but_does_not_write(
        self, http_client: httpx2.AsyncClient, make_token: TokenMaker
    ) -> None:
        headers = bearer(await make_token(Role.VIEWER))
        assert (await http_client.get("/api/repositories", headers=headers)).status_code == 200
        response = await http_client.post(
            "/api/repositories", json={"path": "/nowhere"}, headers=headers
        )
        assert "needs the role operator" in assert_error(response, 403, "forbidden")["error"]

    async def test_the_audit_is_for_admins(
        self, http_client: httpx2.AsyncClient, make_token: TokenMaker
    ) -> None:
        for role, status in ((Role.GATE_ADMIN, 403), (Role.ADMIN, 200)):
            headers = bearer(await make_token(role))
            response = await http_client.get("/api/audit", headers=headers)
            assert response.status_code == status

    async def test_a_websocket_without_a_token_is_refused_before_it_opens(
        self, live_server: str
    ) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await connect(socket_address(live_server))
        assert refused.value.response.status_code == 401
        assert json.loads(refused.value.response.body)["code"] == "unauthenticated"

    @pytest.mark.parametrize("way", ["header", "subprotocol"])
    async def test_a_websocket_takes_the_token_as_header_or_subprotocol(
        self, live_server: str, make_token: TokenMaker, way: str
    ) -> None:
        token = await make_token(Role.VIEWER)
        by_header = way == "header"
        async with connect(
            socket_address(live_server),
            additional_headers=bearer(token) if by_header else None,
            subprotocols=None if by_header else [SUBPROTOCOL + token],  # type: ignore[list-item]
        ) as socket:
            await socket.send('{"type": "phase2.subscribe"}')
            assert json.loads(await socket.recv())["type"] == "phase2.subscribed"
