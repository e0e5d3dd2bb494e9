"""One operation called over MCP and over REST, and what came of it in terms that both share."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import quote

import httpx2
from mcp import Client

from gitops_auditor.http_api.app import create_app
from gitops_auditor.operations import Operation, OperationCatalog
from gitops_auditor.server.app import create_server
from gitops_auditor.server.errors import ERROR_META
from gitops_auditor.server.http import McpEndpoint
from gitops_auditor.services import Services

_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$")
_RANDOM = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{24}|[0-9a-f]{16}|[0-9a-f]{12})(?![0-9a-f])"
)
"""Ids, and commits with the moment in them at which a platform made them; also shortened."""


_BY_CHANCE = {"hash", "peak_memory_bytes"}
_OF_WORK = {"done", "total", "message"}
"""How far work has come when it is looked at."""


class Outcome(NamedTuple):
    """A result, or the code, sentence and details of a failure; without what differs by chance."""

    code: str | None
    content: Any


class Mcp:
    """The operations as tools, in process."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def names(self) -> set[str]:
        """The tools on offer."""
        return {tool.name for tool in (await self._client.list_tools()).tools}

    async def call(self, operation: Operation, arguments: Mapping[str, Any]) -> Outcome:
        """Call one tool."""
        result = await self._client.call_tool(operation.name, dict(arguments))
        if not result.is_error:
            return Outcome(None, comparable(result.structured_content))
        assert result.meta is not None
        return _failure(result.meta[ERROR_META])


class Rest:
    """The operations as routes, in process."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def names(self) -> set[str]:
        """The operations that the OpenAPI document describes."""
        paths = (await self._client.get("/api/openapi.json")).json()["paths"].values()
        return {found["operationId"] for methods in paths for found in methods.values()}

    async def call(self, operation: Operation, arguments: Mapping[str, Any]) -> Outcome:
        """Send the request that the arguments make."""
        left = dict(arguments)
        path = operation.path
        for name in operation.path_parameters:
            path = re.sub(rf"{{{name}(:path)?}}", quote(str(left.pop(name)), safe="/"), path)
        version = left.pop("expected_version", None)
        response = await self._client.request(
            operation.method,
            path,
            headers={} if version is None else {"if-match": f'"{version}"'},
            **_carried(operation, left),
        )
        body = response.json()
        if response.status_code >= 400 and "code" in body:
            return _failure(body)
        return Outcome(None, comparable(body))


def _carried(operation: Operation, arguments: dict[str, Any]) -> dict[str, Any]:
    if operation.method in {"POST", "PUT"}:
        return {"json": arguments}
    return {"params": arguments}


def _failure(body: Mapping[str, Any]) -> Outcome:
    assert set(body) == {"error", "code", "details", "request_id"}
    assert body["request_id"]
    return Outcome(body["code"], comparable([body["error"], body["details"]]))


def comparable(value: Any) -> Any:
    """The value without what differs by chance: moments, durations, random ids and their hashes."""
    if isinstance(value, dict):
        is_work = {"failure_kind", "operation"} <= set(value)
        left_out = _BY_CHANCE | _OF_WORK if is_work else _BY_CHANCE
        kept = {key for key in value if key not in left_out and "seconds" not in key.split("_")}
        return {key: comparable(value[key]) for key in sorted(kept)}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if not isinstance(value, str):
        return value
    return "a moment" if _MOMENT.match(value) else _RANDOM.sub("an id", value)


@asynccontextmanager
async def over_mcp(catalog: OperationCatalog, services: Services) -> AsyncIterator[Mcp]:
    """Every tool that the catalog can offer."""
    server = create_server(catalog.for_mcp(toolsets=["all"]), services)
    async with Client(server) as client:
        yield Mcp(client)


@asynccontextmanager
async def over_rest(catalog: OperationCatalog, services: Services) -> AsyncIterator[Rest]:
    """Every route of the catalog."""
    endpoint = McpEndpoint(create_server(catalog.for_mcp(), services), services.settings)
    app = create_app(catalog, services, endpoint, endpoint.running)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3070") as client:
        yield Rest(client)
