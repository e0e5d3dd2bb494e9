"""The application behind a real HTTP server, on a free port of the loopback interface."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from starlette.applications import Starlette

from gitops_auditor.config import Settings
from gitops_auditor.http_api.serving import run_server

START_SECONDS = 10


@asynccontextmanager
async def serving(app: Starlette, settings: Settings) -> AsyncIterator[str]:
    """Serve `app` for the length of the block; gives the base address."""
    started = anyio.Event()
    addresses: list[str] = []

    def ready(base: str) -> None:
        addresses.append(base)
        started.set()

    async with anyio.create_task_group() as tasks:
        free_port = settings.model_copy(update={"port": 0})
        tasks.start_soon(run_server, app, free_port, ready, anyio.sleep_forever)
        with anyio.fail_after(START_SECONDS):
            await started.wait()
        yield addresses[0]
        tasks.cancel_scope.cancel()
