"""A whole platform with narrow limits, in a folder that the user of jobs can reach."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from tests.factories.databases import migrated_sqlite
from tests.factories.owned import owned
from tests.faults.machine import Machine, narrow_settings, open_machine, watching


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that every user may pass through; pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
async def narrow(reachable: Path) -> Settings:
    return narrow_settings(reachable, await migrated_sqlite(reachable))


@pytest.fixture
async def watcher(narrow: Settings) -> AsyncIterator[Machine]:
    """A platform whose runs other processes carry out."""
    async with owned(watching(narrow)) as opened:
        yield opened


@pytest.fixture
async def machine(narrow: Settings) -> AsyncIterator[Machine]:
    async with owned(open_machine(narrow)) as opened:
        yield opened
