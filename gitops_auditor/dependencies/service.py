"""The dependencies of all registered repositories: scanning them, and reading what scans found."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import anyio.to_thread

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.dependencies import store
from gitops_auditor.dependencies.condition import condition
from gitops_auditor.dependencies.models import (
    Dependency,
    DependencyChange,
    FileProblem,
    Package,
    RepositoryDependencies,
    ScanReport,
)
from gitops_auditor.dependencies.views import Contents, contents_of
from gitops_auditor.events import EventLog
from gitops_auditor.health import ComponentHealth
from gitops_auditor.pages import Page, PageParams, encode_cursor, offset_of
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

if TYPE_CHECKING:
    from gitops_auditor.dependencies.scanning import Progress

View = TypeVar("View")


class _Kept(NamedTuple, Generic[View]):
    """Something derived from the database as of one scan."""

    version: int
    view: View


class DependencyService:
    """Scans, and answers from what the last scan of each repository found."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        repositories: RepositoryRegistry,
        git: Git,
        settings: Settings,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._repositories = repositories
        self._git = git
        self._settings = settings
        self._edges: _Kept[list[Dependency]] | None = None
        self._contents: _Kept[Contents] | None = None

    async def scan(
        self,
        repository_ids: Sequence[str] | None = None,
        *,
        progress: "Progress",
        worktree: bool = False,
        refresh: bool = False,
    ) -> ScanReport:
        """Scan the repositories named, or all, and store what changed.

        `progress` is awaited after each repository that had to be read. With `worktree` uncommitted
        files are read instead of the commit at HEAD; with `refresh` nothing that earlier scans kept
        is used. Must run inside an audited operation.
        Raises NotFound for an id that is not registered, Unavailable when the database is out of
        reach; a repository that cannot be read is a problem in the report and stops nothing.
        """
        # Imported by the first scan: every manifest reader comes with it.
        from gitops_auditor.dependencies.scanning import Scan  # noqa: PLC0415

        registered = await self._repositories.all()
        selected: Sequence[Repository] = registered
        if repository_ids is not None:
            ids = dict.fromkeys(repository_ids)
            selected = [await self._repositories.get(repository_id) for repository_id in ids]
        scan = Scan(
            self._database,
            self._events,
            self._audit,
            self._git,
            registered,
            worktree=worktree,
            refresh=refresh,
        )
        return await scan.run(selected, progress)

    async def edges(self) -> Sequence[Dependency]:
        """Every edge that the last scans saw, by source, file and line."""
        version = await self.version()
        if self._edges is None or self._edges.version != version:
            async with self._database.read() as connection:
                rows = await store.live_rows(connection)
            edges = await anyio.to_thread.run_sync(store.dependencies_of, rows)
            self._edges = _Kept(version, edges)
        return self._edges.view

    async def dependencies(self, repository_id: str, limit: int) -> RepositoryDependencies:
        """What a repository needs and who needs it, at most `limit` each, those on repositories of
        the workspace first. Raises NotFound for an unknown id.
        """
        repository = await self._repositories.get(repository_id)
        edges = await self.edges()
        needs = [edge for edge in edges if edge.source_repo == repository.id]
        needs.sort(key=lambda edge: edge.target_repo is None)
        needed = [
            edge
            for edge in edges
            if edge.target_repo == repository.id and edge.source_repo != repository.id
        ]
        return RepositoryDependencies(
            repository=repository.id,
            depends_on=needs[:limit],
            depends_on_total=len(needs),
            dependents=needed[:limit],
            dependents_total=len(needed),
        )

    async def packages(self) -> Sequence[Package]:
        """Everything the repositories offer under a name, by repository, file and line."""
        return (await self._read_contents()).packages

    async def problems(self) -> Sequence[FileProblem]:
        """Everything that the last scans could not read, by repository and file."""
        return (await self._read_contents()).problems

    async def changes(self, since: datetime | None, page: PageParams) -> Page[DependencyChange]:
        """Differences that rescans found after `since`, newest first."""
        offset = offset_of(page)
        async with self._database.read() as connection:
            total = await store.change_count(connection, since)
            items = await store.change_rows(connection, since, page.limit, offset)
        following = offset + len(items)
        return Page(
            items=items,
            total=total,
            next_cursor=encode_cursor(following) if following < total else None,
        )

    async def health(self) -> ComponentHealth:
        """Degraded when a repository was never scanned, not within the time the settings say
        (DEPENDENCY_CACHE_TTL), or could not be read.
        """
        registered = await self._repositories.all()
        async with self._database.read() as connection:
            heads = await store.snapshot_heads(connection)
            counts = await store.edge_counts(connection)
        oldest = datetime.now(UTC) - timedelta(seconds=self._settings.dependency_cache_ttl)
        return condition(registered, heads, counts, oldest)

    async def _read_contents(self) -> Contents:
        version = await self.version()
        if self._contents is None or self._contents.version != version:
            registered = await self._repositories.all()
            async with self._database.read() as connection:
                packed = await store.snapshot_facts(connection, [item.id for item in registered])
            self._contents = _Kept(version, await anyio.to_thread.run_sync(contents_of, packed))
        return self._contents.view

    async def version(self) -> int:
        """A number that is another one after every scan, also of another process."""
        async with self._database.read() as connection:
            return await store.last_scan(connection)
