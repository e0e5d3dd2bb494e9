"""A PostgreSQL that several machines share."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gitops_auditor.storage.database import Database
from gitops_auditor.storage.schema import upgrade
from tests.factories.databases import fresh_postgresql
from tests.factories.owned import owned
from tests.factories.postgres import some_postgresql
from tests.pipelines.remote.site import Meeting, Server, Site, serving


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    with some_postgresql() as url:
        yield url


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the user of the jobs can reach."""
    made = Path(tempfile.mkdtemp(prefix="machines-", dir="/var/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
async def url(postgresql: str) -> AsyncIterator[str]:
    async with fresh_postgresql(postgresql) as made:
        yield made


@pytest.fixture
async def database(url: str, tmp_path: Path) -> AsyncIterator[Database]:
    await upgrade(url, tmp_path)
    async with Database.open(url) as opened:
        yield opened


@pytest.fixture
def site(folder: Path, url: str) -> Site:
    return Site(folder, url)


@pytest.fixture
async def server(site: Site) -> AsyncIterator[Server]:
    async with owned(serving(site)) as opened:
        yield opened


@pytest.fixture
async def meeting() -> AsyncIterator[Meeting]:
    async with Meeting().held() as held:
        yield held
