"""Services that are opened when first needed, and tried again when that fails."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import anyio
from anyio.abc import TaskGroup, TaskStatus

from gitops_auditor.log import get_logger
from gitops_auditor.server.calls import ServicesProvider
from gitops_auditor.services import Services

log = get_logger("mcp")

CLOSE_SECONDS = 3.0

Opener = Callable[[], AbstractAsyncContextManager[Services]]


class _OnDemand:
    """One task owns the open services from beginning to end, as their task groups require."""

    def __init__(self, opener: Opener, tasks: TaskGroup) -> None:
        self._opener = opener
        self._tasks = tasks
        self._lock = anyio.Lock()
        self._services: Services | None = None
        self.closing = anyio.Event()

    async def __call__(self) -> Services:
        async with self._lock:
            if self._services is None:
                self._services = await self._tasks.start(self._own)
            return self._services

    async def _own(self, *, task_status: TaskStatus[Services]) -> None:
        async with self._opener() as services:
            task_status.started(services)
            await self.closing.wait()


@asynccontextmanager
async def opened_on_demand(opener: Opener) -> AsyncIterator[ServicesProvider]:
    """A provider that opens the services on its first call, and closes them with the context.

    Each call raises what the opener raises, until it succeeds once. Closing is bounded.
    """
    async with anyio.create_task_group() as tasks:
        provider = _OnDemand(opener, tasks)
        try:
            yield provider
        finally:
            provider.closing.set()
            tasks.cancel_scope.deadline = anyio.current_time() + CLOSE_SECONDS
    if tasks.cancel_scope.cancelled_caught:
        log.warning("closing_services_timed_out", seconds=CLOSE_SECONDS)
