"""A migrated database and the audit on it."""

from pathlib import Path

import pytest

from gitops_auditor.audit import Audit
from gitops_auditor.storage.database import Database


class Processes:
    """Which processes run, as the test says."""

    def __init__(self, own: str) -> None:
        self.id = own
        self.running = {own}

    async def alive(self, process_id: str) -> bool:
        return process_id in self.running


@pytest.fixture
def processes() -> Processes:
    return Processes("own")


@pytest.fixture
def anchor_path(tmp_path: Path) -> Path:
    return tmp_path / "audit-anchor"


@pytest.fixture
def audit(database: Database, anchor_path: Path, processes: Processes) -> Audit:
    return Audit(database, anchor_path, processes)
