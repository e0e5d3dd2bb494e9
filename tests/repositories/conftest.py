"""A registry on a real database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.events import EventLog
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.revisions import Revisions
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from tests.audit.conftest import Processes
from tests.repositories.revisions import Counted


@pytest.fixture
def audit(database: Database, tmp_path: Path) -> Audit:
    return Audit(database, tmp_path / "audit-anchor", Processes("own"))


@pytest.fixture
async def registry(
    database: Database, events: EventLog, audit: Audit, settings: Settings
) -> AsyncIterator[RepositoryRegistry]:
    """The registry inside an audited operation, as every caller uses it."""
    async with audit.operation("test", "test", {}):
        yield RepositoryRegistry(database, events, audit, Git(), settings)


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def mirrors(tmp_path: Path, counted: Counted) -> Mirrors:
    return Mirrors(Git(counted), tmp_path / "mirrors", ("file",), allow_private_hosts=True)


@pytest.fixture
def reader(mirrors: Mirrors, counted: Counted) -> Revisions:
    return Revisions(Git(counted), Locations(mirrors, Boundaries(())))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "source"
