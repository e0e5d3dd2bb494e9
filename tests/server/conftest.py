"""A server over the sample operations and open services."""

import pytest

from gitops_auditor.server.app import AuditorServer, create_server
from gitops_auditor.services import Services
from tests.server import sample


@pytest.fixture
def server(services: Services) -> AuditorServer:
    sample.waiter = sample.Waiter()
    return create_server(sample.CATALOG, services)


@pytest.fixture(params=["legacy", "auto"])
def era(request: pytest.FixtureRequest) -> str:
    """How the client connects: by the handshake, or statelessly."""
    mode: str = request.param
    return mode
