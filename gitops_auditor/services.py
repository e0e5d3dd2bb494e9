"""Everything an operation may use, opened in order and closed in reverse."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gitops_auditor.access import Access
from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.dependencies.service import DependencyService
from gitops_auditor.events import EventLog
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.schema import upgrade
from gitops_auditor.work import WorkManager


@dataclass(frozen=True)
class Services:
    """The platform's parts, wired. Operations take them from their context and make none."""

    settings: Settings
    database: Database
    events: EventLog
    audit: Audit
    access: Access
    work: WorkManager
    repositories: RepositoryRegistry
    dependencies: DependencyService


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Bring the database to the current schema and open every service on it.

    Raises Unavailable when the data folder or the database cannot be used.
    """
    async with AsyncExitStack() as stack:
        raise SystemExit(stack)
