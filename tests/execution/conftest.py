"""Fixtures for running real, confined processes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.execution.jobs import Jobs, open_jobs


@pytest.fixture
async def jobs(tmp_path: Path) -> AsyncIterator[Jobs]:
    async for opened in open_jobs(tmp_path):
        yield opened
