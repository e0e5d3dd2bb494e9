"""A process that carries out plans."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.storage.database import Database
from tests.orchestrator.running.world import World, open_world


@pytest.fixture
async def world(tmp_path: Path, database: Database) -> AsyncIterator[World]:
    async with open_world(tmp_path, database) as opened:
        yield opened


@pytest.fixture
async def other(tmp_path: Path, database: Database) -> AsyncIterator[World]:
    """Another process, as far as the database can tell."""
    async with open_world(tmp_path, database) as opened:
        yield opened
