"""A read over REST against a bare Starlette route doing the same SQL, in one run.

    python -m tests.benchmarks.rest [CALLS]

Both are served by uvicorn with the settings of the product, from one process on one file, and asked
by one raw client over one kept connection each, in turns. The bare routes use aiosqlite and answer
with the same JSON. Medians and their ratio are printed; at most 2 is wanted.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiosqlite
import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gitops_auditor.app import catalog_for, mcp_catalog_for
from gitops_auditor.config import Settings, load_settings
from gitops_auditor.http_api.app import create_app
from gitops_auditor.identity import LOCAL
from gitops_auditor.repositories.models import Repository
from gitops_auditor.server.app import create_server
from gitops_auditor.server.http import McpEndpoint
from gitops_auditor.services import Services, open_services
from gitops_auditor.storage.urls import database_file, parse_url
from tests.factories.git import make_repository
from tests.factories.servers import serving

CALLS = 1000
WARM_UP = 100
REPOSITORIES = 60
COLUMNS = ", ".join(Repository.model_fields)
REGISTERED = f"SELECT {COLUMNS} FROM repositories WHERE removed_at IS NULL"  # noqa: S608
ONE = f"{REGISTERED} AND id = ?"
SOME = f"{REGISTERED} AND id > ? ORDER BY id LIMIT ?"
COUNT = "SELECT count(*) FROM repositories WHERE removed_at IS NULL"


class Connection:
    """One kept connection that asks for one address again and again."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()

    async def ask(self) -> bytes:
        """The body of one answer."""
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
        return await self._reader.readexactly(int(length))

    async def timed(self) -> float:
        """Seconds of one exchange."""
        started = time.perf_counter()
        await self.ask()
        return time.perf_counter() - started


@asynccontextmanager
async def connection(base: str, path: str) -> AsyncIterator[Connection]:
    """A connection to a server for the length of the block."""
    address = urlsplit(base)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Connection(reader, writer, path)
    finally:
        writer.close()
        await writer.wait_closed()


def _as_item(row: Any) -> dict[str, Any]:
    return dict(zip(Repository.model_fields, row, strict=True))


def bare_application(database: aiosqlite.Connection) -> Starlette:
    """The least that answers with the same content."""

    async def one(request: Request) -> Response:
        asked = (request.path_params["repository_id"],)
        async with database.execute(ONE, asked) as cursor:
            return JSONResponse(_as_item(await cursor.fetchone()))

    async def some(request: Request) -> Response:
        limit = int(request.query_params["limit"])
        async with database.execute(SOME, ("", limit + 1)) as cursor:
            found = [_as_item(row) for row in await cursor.fetchall()]
        async with database.execute(COUNT) as cursor:
            row = await cursor.fetchone()
        total = row[0] if row else 0
        return JSONResponse(
            {"items": found[:limit], "total": total, "next_cursor": found[-1]["id"]}
        )

    app = Starlette(
        routes=[
            Route("/api/repositories", some),
            Route("/api/repositories/{repository_id:path}", one),
        ]
    )
    app.state.stopping = anyio.Event()
    return app


def full_application(settings: Settings, services: Services) -> Starlette:
    """The product's own application."""
    endpoint = McpEndpoint(create_server(mcp_catalog_for(settings), services), settings)
    return create_app(catalog_for(settings), services, endpoint, endpoint.running)


async def fill(services: Services, folder: Path) -> None:
    """Register as many repositories as the benchmark lists."""
    for number in range(REPOSITORIES):
        origin = f"https://example.org/acme/r{number:03}.git"
        await make_repository(folder / f"r{number:03}", {"a": "b"}, origin=origin)
    async with services.audit.operation("benchmark", "discover_repositories", {}):
        await services.repositories.discover(folder, LOCAL)


async def compare(name: str, bare: str, full: str, path: str, calls: int) -> None:
    """Print the medians of both servers for one address, and their ratio."""
    async with connection(bare, path) as floor, connection(full, path) as product:
        _check_alike(await floor.ask(), await product.ask())
        pairs = [(await floor.timed(), await product.timed()) for _ in range(WARM_UP + calls)]
    medians = [statistics.median(column) * 1e6 for column in zip(*pairs[WARM_UP:], strict=True)]
    ratio = medians[1] / medians[0]
    print(f"{name}: bare {medians[0]:.0f} us, ours {medians[1]:.0f} us, ratio {ratio:.2f}")


def _check_alike(bare: bytes, full: bytes) -> None:
    def ids(body: bytes) -> list[str]:
        content = json.loads(body)
        return [item["id"] for item in content.get("items", [content])]

    assert ids(bare) == ids(full)


async def measure(calls: int = CALLS) -> None:
    """Print the figures for one repository by its id and for a page of fifty."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = load_settings(
            {}, data_dir=folder / "data", rate_limit_read="1000000/second", port=0
        )
        services = await stack.enter_async_context(open_services(settings))
        await fill(services, folder / "work")
        file = database_file(parse_url(settings.database_url)[0])
        database = await stack.enter_async_context(aiosqlite.connect(file))
        serve: Callable[[Starlette], Any] = lambda app: serving(app, settings)  # noqa: E731
        bare = await stack.enter_async_context(serve(bare_application(database)))
        full = await stack.enter_async_context(serve(full_application(settings, services)))
        print(f"medians of {calls} reads over one kept connection (at most 2 is wanted)")
        await compare("one by id", bare, full, "/api/repositories/acme/r030", calls)
        await compare("a page of 50", bare, full, "/api/repositories?limit=50", calls)


if __name__ == "__main__":
    asyncio.run(measure(*map(int, sys.argv[1:])))
