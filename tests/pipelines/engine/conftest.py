"""Fixtures of the engine's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.storage.database import Database
from tests.pipelines.engine.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path, database: Database) -> AsyncIterator[World]:
    async with open_world(tmp_path, database) as opened:
        yield opened
