"""MCP over real HTTP: both eras, progress, cancellation, callers and their sessions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import ResourcesListChanged, SubscriptionLost
from mcp_types import CallToolResult

from gitops_auditor.config import Settings
from gitops_auditor.http_api.app import create_app
from gitops_auditor.identity import Role
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.server.errors import ERROR_META
from gitops_auditor.server.http import McpEndpoint
from gitops_auditor.services import Services
from tests.factories.owned import owned
from tests.factories.servers import serving
from tests.server import sample

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
HEADERS = {"Accept": "application/json, text/event-stream"}


@pytest.fixture
async def address(
    server: AuditorServer, catalog: OperationCatalog, services: Services
) -> AsyncIterator[str]:
    endpoint = McpEndpoint(server, services.settings)
    app = create_app(catalog, services, endpoint, endpoint.running)
    async with owned(serving(app, services.settings)) as base:
        yield f"{base}/mcp"


@pytest.fixture
async def guarded_address(
    catalog: OperationCatalog, services: Services, settings: Settings
) -> AsyncIterator[str]:
    """A server that wants tokens."""
    strict = settings.model_copy(update={"require_token": True})
    endpoint = McpEndpoint(create_server(sample.CATALOG, services), strict)
    guarded = Services(**{**vars(services), "settings": strict})
    app = create_app(catalog, guarded, endpoint, endpoint.running)
    async with owned(serving(app, strict)) as base:
        yield f"{base}/mcp"


async def token(services: Services, role: Role) -> dict[str, str]:
    async with services.audit.operation("test", "create_token", {}):
        plain, _ = await services.access.create_token(f"a {role}", role)
    return {"Authorization": f"Bearer {plain}"}


@asynccontextmanager
async def client_with(address: str, headers: dict[str, str], mode: str) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(address, http_client=http), mode=mode) as client,
    ):
        yield client


async def test_tools_resources_and_progress_work_over_http(address: str, era: str) -> None:
    reports: list[float] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        reports.append(progress)

    with anyio.fail_after(20):
        async with Client(address, mode=era) as client:
            assert len((await client.list_tools()).tools) == len(sample.CATALOG.operations)
            result = await client.call_tool("count_up", {}, progress_callback=on_progress)
            echoed = await client.call_tool("echo_text", {"text": "over HTTP"})
            content = await client.read_resource("gitops://repositories/acme/api")
            while 3 not in reports:
                await anyio.lowlevel.checkpoint()
    assert result.structured_content["text"] == "3"
    assert echoed.structured_content["text"] == "over HTTP"
    assert content.contents
    assert reports == sorted(set(reports))


async def test_a_call_that_its_client_cancels_ends(address: str, era: str) -> None:
    with anyio.fail_after(20):
        async with Client(address, mode=era) as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, "wait_forever", {})
                await sample.waiter.entered.wait()
                tasks.cancel_scope.cancel()
            await sample.waiter.cancelled.wait()


async def test_a_listening_client_hears_of_changes_over_http(
    address: str, services: Services
) -> None:
    with anyio.fail_after(20):
        async with (
            Client(address) as client,
            client.listen(resources_list_changed=True) as stream,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(_announce_again_and_again, services)
            assert await anext(aiter(stream)) == ResourcesListChanged()
            tasks.cancel_scope.cancel()


async def _announce_again_and_again(services: Services) -> None:
    while True:
        async with services.database.write() as transaction:
            await services.events.append(
                transaction, "repositories", "repository.registered", {"id": "acme/api"}
            )
        await anyio.sleep(0.1)


async def test_a_role_sees_and_calls_what_it_may(
    guarded_address: str, services: Services, era: str
) -> None:
    viewer, admin = [await token(services, role) for role in (Role.VIEWER, Role.ADMIN)]
    with anyio.fail_after(20):
        async with client_with(guarded_address, viewer, era) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            refused = await client.call_tool("read_secret", {})
        async with client_with(guarded_address, admin, era) as client:
            allowed = await client.call_tool("read_secret", {})
    assert "read_secret" not in names
    assert code_of(refused) == "forbidden"
    assert allowed.structured_content["text"] == "secret"


def code_of(result: CallToolResult) -> str:
    assert result.meta is not None
    code: str = result.meta[ERROR_META]["code"]
    return code


async def test_without_a_token_nothing_is_answered(guarded_address: str) -> None:
    async with httpx2.AsyncClient() as http:
        answer = await http.post(guarded_address, json=INITIALIZE, headers=HEADERS)
    assert answer.status_code == 401


async def test_a_session_answers_only_the_caller_that_opened_it(
    guarded_address: str, services: Services
) -> None:
    first, second = [await token(services, role) for role in (Role.VIEWER, Role.OPERATOR)]
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    async with httpx2.AsyncClient(headers=HEADERS) as http:
        opened = await http.post(guarded_address, json=INITIALIZE, headers=first)
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"]}
        own = await http.post(guarded_address, json=ping, headers={**session, **first})
        foreign = await http.post(guarded_address, json=ping, headers={**session, **second})
    assert (own.status_code, foreign.status_code) == (200, 404)


async def test_a_request_that_nobody_authenticated_is_refused(
    server: AuditorServer, settings: Settings
) -> None:
    endpoint = McpEndpoint(server, settings)
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": ENVELOPE}}
    headers = {**HEADERS, "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/list"}
    async with endpoint.running():
        transport = httpx2.ASGITransport(app=endpoint)
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            answer = await http.post("/mcp", json=request, headers=headers)
    assert answer.json()["error"]["data"]["code"] == "unauthenticated"


ENVELOPE: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


async def test_a_body_beyond_the_limit_is_refused(address: str, settings: Settings) -> None:
    async with httpx2.AsyncClient(headers=HEADERS) as http:
        answer = await http.post(address, content=b" " * (settings.max_body_bytes + 1))
    assert answer.status_code == 413


async def test_the_server_stops_in_time_though_streams_are_open(
    server: AuditorServer, catalog: OperationCatalog, services: Services
) -> None:
    endpoint = McpEndpoint(server, services.settings)
    app = create_app(catalog, services, endpoint, endpoint.running)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            async with serving(app, services.settings) as base:
                opened = anyio.Event()
                tasks.start_soon(_listen, f"{base}/mcp", opened)
                await opened.wait()
                started = anyio.current_time()
            took = anyio.current_time() - started
            tasks.cancel_scope.cancel()
    assert took < 5


async def _listen(address: str, opened: anyio.Event) -> None:
    async with Client(address) as client, client.listen(resources_list_changed=True) as stream:
        opened.set()
        with pytest.raises(SubscriptionLost):
            await anext(aiter(stream))
