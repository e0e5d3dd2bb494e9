"""Who may manage quality gates and let failed ones pass, over REST and over MCP."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette

from gitops_auditor.config import Settings
from gitops_auditor.http_api.app import create_app
from gitops_auditor.identity import Role
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.pages import PageParams
from gitops_auditor.quality.store.gates import Filter
from gitops_auditor.server.app import create_server
from gitops_auditor.server.errors import ERROR_META
from gitops_auditor.server.http import McpEndpoint
from gitops_auditor.services import Services
from tests.http_api.assertions import assert_error
from tests.http_api.conftest import TokenMaker
from tests.http_api.test_auth import bearer

GATE = {"gate_type": "pre_merge", "definition": {"name": "License", "check": "LICENSE exists"}}
EVERY = Filter()
REASON = "The license comes with the next release."
FORBIDDEN = [
    (role, tool)
    for role in (Role.VIEWER, Role.OPERATOR)
    for tool in ("create_gate", "update_gate", "delete_gate", "override_gate")
]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"require_token": True})


@pytest.fixture
def app(catalog: OperationCatalog, services: Services) -> Starlette:
    server = create_server(catalog.for_mcp(toolsets=["all"]), services)
    endpoint = McpEndpoint(server, services.settings)
    return create_app(catalog, services, endpoint, endpoint.running)


@pytest.fixture
async def admin(http_client: httpx2.AsyncClient, make_token: TokenMaker) -> httpx2.AsyncClient:
    """A client of a gate-admin."""
    http_client.headers.update(bearer(await make_token(Role.GATE_ADMIN)))
    return http_client


async def called(base: str, token: str, tool: str, arguments: Mapping[str, Any]) -> str | None:
    """The code of a failed call of a tool, None when it did what was asked."""
    async with (
        httpx2.AsyncClient(headers=bearer(token)) as http,
        Client(streamable_http_client(f"{base}/mcp", http_client=http)) as client,
    ):
        result = await client.call_tool(tool, dict(arguments))
    if not result.is_error:
        return None
    assert result.meta is not None
    code: str = result.meta[ERROR_META]["code"]
    return code


def arguments(tool: str, gate_id: str = "some") -> dict[str, Any]:
    asked: dict[str, dict[str, Any]] = {
        "create_gate": dict(GATE),
        "update_gate": {"gate_id": gate_id, "active": False},
        "delete_gate": {"gate_id": gate_id},
        "override_gate": {"result_id": "some", "reason": REASON},
    }
    return asked[tool]


@pytest.mark.parametrize(("role", "tool"), FORBIDDEN)
async def test_who_is_no_gate_admin_changes_nothing_over_rest(
    http_client: httpx2.AsyncClient,
    make_token: TokenMaker,
    catalog: OperationCatalog,
    role: Role,
    tool: str,
) -> None:
    operation = catalog.get(tool)
    headers = bearer(await make_token(role))
    asked = arguments(tool)
    path = operation.path.replace("{gate_id}", asked.pop("gate_id", ""))
    response = await http_client.request(
        operation.method, path, headers=headers, json=asked or None
    )
    assert "needs the role gate-admin" in assert_error(response, 403, "forbidden")["error"]


async def test_who_is_no_gate_admin_changes_nothing_over_mcp(
    live_server: str, make_token: TokenMaker, services: Services
) -> None:
    tokens = {role: await make_token(role) for role in (Role.VIEWER, Role.OPERATOR)}
    for role, tool in FORBIDDEN:
        assert await called(live_server, tokens[role], tool, arguments(tool)) == "forbidden"
    gates = await services.quality.gates.list(EVERY, PageParams())
    assert gates.items == []


async def test_a_gate_admin_manages_gates_over_mcp(
    live_server: str, make_token: TokenMaker, services: Services
) -> None:
    token = await make_token(Role.GATE_ADMIN)
    assert await called(live_server, token, "create_gate", GATE) is None
    (gate,) = (await services.quality.gates.list(EVERY, PageParams())).items
    assert gate.created_by == "a gate-admin"
    for tool in ("update_gate", "delete_gate"):
        assert await called(live_server, token, tool, arguments(tool, gate.id)) is None
    assert (await services.quality.gates.list(EVERY, PageParams())).items == []


async def test_a_gate_admin_manages_gates_over_rest(admin: httpx2.AsyncClient) -> None:
    made = await admin.post("/api/quality/gates", json=GATE)
    assert made.status_code == 201
    address = made.headers["location"]
    assert address == f"/api/quality/gates/{made.json()['id']}"
    changed = await admin.put(address, json={"active": False}, headers={"if-match": '"1"'})
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    gone = await admin.delete(address, headers={"if-match": '"2"'})
    assert gone.status_code == 200
    assert_error(await admin.get(address), 404, "not_found")


async def test_a_gate_that_somebody_else_changed_is_not_overwritten(
    admin: httpx2.AsyncClient,
) -> None:
    made = (await admin.post("/api/quality/gates", json=GATE)).json()
    address = f"/api/quality/gates/{made['id']}"
    await admin.put(address, json={"active": False})
    for method, body in (("PUT", {"active": True}), ("DELETE", None)):
        stale = await admin.request(method, address, json=body, headers={"if-match": '"1"'})
        assert_error(stale, 412, "stale")
    assert (await admin.get(address)).json()["active"] is False


@pytest.mark.parametrize("reason", [None, "", "because", "  too short \n "])
async def test_nobody_lets_a_gate_pass_without_a_reason(
    admin: httpx2.AsyncClient, reason: str | None
) -> None:
    body = {"result_id": "some", **({} if reason is None else {"reason": reason})}
    response = await admin.post("/api/quality/overrides", json=body)
    assert_error(response, 422, "invalid_request")


async def test_a_definition_that_is_not_understood_is_said_to_be_so(
    admin: httpx2.AsyncClient,
) -> None:
    wrong = {**GATE, "definition": {"name": "License", "check": "LICENSE"}}
    error = assert_error(await admin.post("/api/quality/gates", json=wrong), 422, "invalid_request")
    assert "not a gate" in error["error"]
