"""A whole platform with narrow limits, in a folder that the user of jobs can reach."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.config import Settings
from tests.factories.owned import owned
from tests.faults.machine import Machine, narrow_settings, open_machine


@pytest.fixture
def reachable(tmp_path: Path) -> Path:
    """A folder that every user may pass through."""
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.geteuid():
            parent.chmod(parent.stat().st_mode | 0o001)
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture
def narrow(reachable: Path, database_url: str) -> Settings:
    return narrow_settings(reachable, database_url)


@pytest.fixture
async def machine(narrow: Settings) -> AsyncIterator[Machine]:
    async with owned(open_machine(narrow)) as opened:
        yield opened
