from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.factories.databases import fresh_database


@pytest.fixture
async def empty_url(tmp_path: Path) -> AsyncIterator[str]:
    async with fresh_database(tmp_path) as url:
        yield url
