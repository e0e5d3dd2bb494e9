"""What tests share: settings in a temporary folder, open services, clients of both transports."""

import os
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import settings as hypothesis_settings
from mcp import Client
from pydantic import SecretStr
from starlette.applications import Starlette

from gitops_auditor.app import catalog_for
from gitops_auditor.config import Settings, load_settings
from gitops_auditor.events import EventLog
from gitops_auditor.http_api.app import create_app
from gitops_auditor.operations import OperationCatalog
from gitops_auditor.server.app import create_server
from gitops_auditor.server.http import McpEndpoint
from gitops_auditor.services import Services, open_services
from gitops_auditor.storage.database import Database
from tests.factories.databases import migrated_database
from tests.factories.owned import owned
from tests.factories.runs import Project, open_project, run_folder
from tests.factories.servers import serving

# How long an example takes is for benchmarks: another process may have the machine just then.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")

DATABASE_FIXTURES = {"database", "database_url", "empty_url", "services", "settings"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="Only tests that use a database.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--database-only"):
        return
    kept = [item for item in items if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    is_machine = item.get_closest_marker("machine") is not None
    if report.skipped and not is_machine and os.environ.get("TESTS_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture
async def database_url(tmp_path: Path) -> AsyncIterator[str]:
    async with migrated_database(tmp_path) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings of a fresh data folder with a migrated database."""
    return load_settings(
        {},
        data_dir=tmp_path / "data",
        database=SecretStr(database_url),
        rate_limit_read="100000/minute",
        rate_limit_write="100000/minute",
    )


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    async with open_services(settings) as opened:
        yield opened


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def events(database: Database) -> EventLog:
    return EventLog(database)


@pytest.fixture
def catalog(settings: Settings) -> OperationCatalog:
    return catalog_for(settings)


@pytest.fixture
def app(catalog: OperationCatalog, services: Services) -> Starlette:
    endpoint = McpEndpoint(create_server(catalog.for_mcp(), services), services.settings)
    return create_app(catalog, services, endpoint, endpoint.running)


@pytest.fixture
async def http_client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:3070") as client:
        yield client


@pytest.fixture
async def mcp_client(catalog: OperationCatalog, services: Services) -> AsyncIterator[Client]:
    server = create_server(catalog.for_mcp(toolsets=["all"]), services)
    async with owned(Client(server)) as client:
        yield client


@pytest.fixture
async def live_server(app: Starlette, services: Services) -> AsyncIterator[str]:
    """The base address of the application behind a real server on a free port."""
    async with owned(serving(app, services.settings)) as base:
        yield base


@pytest.fixture
def runs_in() -> Iterator[Path]:
    """Where runs have their folders; see `run_settings`."""
    with run_folder() as folder:
        yield folder


@pytest.fixture
async def project(services: Services, tmp_path: Path) -> AsyncIterator[Project]:
    """A repository whose pipelines run; see `run_settings` for what the settings have to say."""
    async with owned(open_project(services, tmp_path / "project")) as opened:
        yield opened
