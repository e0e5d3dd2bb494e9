from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.storage.database import Database
from tests.factories.databases import fresh_database, open_database


@pytest.fixture
async def empty_url(tmp_path: Path) -> AsyncIterator[str]:
    async with fresh_database(tmp_path) as url:
        yield url


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path) as opened:
        yield opened
