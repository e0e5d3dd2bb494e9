"""The application behind a real HTTP server, on a free port of the loopback interface."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.applications import Starlette

from gitops_auditor.config import Settings
from gitops_auditor.http_api.serving import HttpServer

START_SECONDS = 10


@asynccontextmanager
async def serving(app: Starlette, settings: Settings) -> AsyncIterator[str]:
    """Serve `app` for the length of the block; gives the base address."""
    server = HttpServer(app, settings.model_copy(update={"port": 0}))
    started = anyio.Event()
    addresses: list[str] = []

    def ready(base: str) -> None:
        addresses.append(base)
        started.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.run, ready)
        with anyio.fail_after(START_SECONDS):
            await started.wait()
        try:
            yield addresses[0]
        finally:
            server.stop()
