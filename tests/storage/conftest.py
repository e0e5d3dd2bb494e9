from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.storage.database import Database
from tests.factories.databases import fresh_database, migrated_database


@pytest.fixture
async def empty_url(tmp_path: Path) -> AsyncIterator[str]:
    async with fresh_database(tmp_path) as url:
        yield url


@pytest.fixture
async def database_url(tmp_path: Path) -> AsyncIterator[str]:
    async with migrated_database(tmp_path) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url) as opened:
        yield opened
