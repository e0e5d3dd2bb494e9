"""A server over the sample operations and a real event log."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest

from gitops_auditor.events import EventLog
from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.server.calls import ServicesProvider
from gitops_auditor.services import Services
from gitops_auditor.storage.database import Database
from tests.server import sample


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def event_services(database: Database) -> ServicesProvider:
    """The part of the services that the adapter itself uses."""
    services = cast("Services", SimpleNamespace(database=database, events=EventLog(database)))

    async def provide() -> Services:
        return services

    return provide


@pytest.fixture
def server(event_services: ServicesProvider) -> AuditorServer:
    sample.waiter = sample.Waiter()
    return create_server(sample.CATALOG, event_services)


@pytest.fixture(params=["legacy", "auto"])
def era(request: pytest.FixtureRequest) -> str:
    """How the client connects: by the handshake, or statelessly."""
    mode: str = request.param
    return mode
