from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from gitops_auditor.events import EventLog
from gitops_auditor.storage.database import Database
from gitops_auditor.work import Process, WorkManager, open_process

OpenManager = Callable[[], AbstractAsyncContextManager[WorkManager]]


@pytest.fixture
async def process(database: Database, tmp_path: Path) -> AsyncIterator[Process]:
    async with open_process(database, tmp_path) as opened:
        yield opened


@pytest.fixture
async def manager(
    database: Database, events: EventLog, process: Process
) -> AsyncIterator[WorkManager]:
    async with WorkManager(database, events, process).open() as opened:
        yield opened


@pytest.fixture
def open_manager(database_url: str, tmp_path: Path) -> OpenManager:
    """Opens what another process would: its own connections, its own place among the living."""

    @asynccontextmanager
    async def open_one() -> AsyncIterator[WorkManager]:
        async with (
            Database.open(database_url) as other,
            open_process(other, tmp_path) as process,
            WorkManager(other, EventLog(other), process).open() as opened,
        ):
            yield opened

    return open_one
