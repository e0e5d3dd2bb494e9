"""The public conformance suite, run against our application with its fixtures mounted."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.http_api.app import create_app
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.server.app import create_server
from gitops_auditor.server.http import McpEndpoint
from gitops_auditor.services import Services
from tests.factories.npm_tools import npm_tool
from tests.factories.owned import owned
from tests.factories.programs import run_program
from tests.factories.servers import serving
from tests.server.conformance import operations
from tests.server.conformance.mounting import mount

CHECKS = 40


@pytest.fixture
async def server_with_fixtures(catalog: OperationCatalog, services: Services) -> AsyncIterator[str]:
    offered = catalog.for_mcp()
    both = OperationCatalog([*offered.toolsets, operations.toolset], {})
    server = create_server(both, services)
    mount(server)
    endpoint = McpEndpoint(server, services.settings)
    app = create_app(catalog, services, endpoint, endpoint.running)
    async with owned(serving(app, services.settings)) as base:
        yield base


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
async def test_every_check_of_the_conformance_suite_passes(
    server_with_fixtures: str, tmp_path: Path
) -> None:
    command, environment = npm_tool("conformance")
    suite = [command, "server", "--url", f"{server_with_fixtures}/mcp"]
    finished = await run_program(suite, environment=environment, folder=tmp_path, seconds=110)
    total = re.search(r"Total: (\d+) passed, (\d+) failed", finished.output)
    assert total, finished.output
    assert total.groups() == (str(CHECKS), "0"), finished.output
    assert finished.status == 0, finished.output
