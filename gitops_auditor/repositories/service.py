"""The registry: which repositories there are, how they come in, change and go."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import (
    Conflict,
    InvalidRequest,
    JsonValue,
    NotFound,
    Unavailable,
    require_version,
)
from gitops_auditor.events import EventLog
from gitops_auditor.health import ComponentHealth
from gitops_auditor.identity import Principal
from gitops_auditor.pages import Page, PageParams, cut_page, start_of
from gitops_auditor.repositories import git_directory, store
from gitops_auditor.repositories.audit_report import parse_report
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.checkouts import Checkouts
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.git_transfer import Progress
from gitops_auditor.repositories.inspection import Facts, inspect
from gitops_auditor.repositories.locations import Locations
from gitops_auditor.repositories.mirrors import Mirrors
from gitops_auditor.repositories.models import (
    DiscoveryReport,
    ReportImport,
    Repository,
    RepositoryChanges,
)
from gitops_auditor.repositories.naming import (
    check_branch,
    check_name,
    id_from_name,
    id_from_url,
    is_id,
)
from gitops_auditor.repositories.publishing import Publishing
from gitops_auditor.repositories.rendered import RenderedCommits
from gitops_auditor.repositories.rendered_store import RenderedStores
from gitops_auditor.repositories.report_import import ReportImporter
from gitops_auditor.repositories.revisions import Revisions
from gitops_auditor.repositories.store import Connection
from gitops_auditor.repositories.workspaces import Workspaces
from gitops_auditor.storage.database import Database

CHANNEL = "repositories"


class RepositoryRegistry:
    """Every write needs a current `Audit.operation`, appends an event and is one transaction."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        git: Git,
        settings: Settings,
        rendered: Path | None = None,
    ) -> None:
        """`rendered` is another folder than the usual for commits that are made."""
        self._database = database
        self._events = events
        self._audit = audit
        self._git = git
        self._settings = settings
        self._boundaries = Boundaries(settings.allowed_roots)
        self._mirrors = Mirrors(
            git,
            settings.data_dir / "mirrors",
            settings.clone_protocols,
            allow_private_hosts=settings.allow_private_hosts,
        )
        locations = Locations(self._mirrors, self._boundaries)
        stores = RenderedStores(rendered or settings.data_dir / "rendered", locations, git)
        self._revisions = Revisions(git, locations, stores)
        self._checkouts = Checkouts(self._revisions, git)
        self._rendered = RenderedCommits(
            self._revisions, stores, git.executable, most_bytes=settings.job_disk_bytes
        )
        self._publishing = Publishing(locations, self._mirrors, self._revisions, git)
        self._workspaces = Workspaces(database, events, audit, git, self._boundaries)
        self._importer = ReportImporter(database, events, audit, self._mirrors)

    @property
    def revisions(self) -> Revisions:
        """What registered repositories hold at their commits."""
        return self._revisions

    @property
    def checkouts(self) -> Checkouts:
        """Makes disposable checkouts of registered repositories."""
        return self._checkouts

    @property
    def rendered(self) -> RenderedCommits:
        """Makes commits of registered repositories that are not published."""
        return self._rendered

    @property
    def publishing(self) -> Publishing:
        """Moves branches of registered repositories."""
        return self._publishing

    def apart(self, folder: Path) -> "RepositoryRegistry":
        """The same repositories, without any commit that was made so far; those that are made are
        kept in a folder of their own.
        """
        return RepositoryRegistry(
            self._database, self._events, self._audit, self._git, self._settings, folder
        )

    async def register_path(
        self, path: Path, principal: Principal, name: str | None = None
    ) -> Repository:
        """Register the repository whose top folder is `path`.

        Its id is `owner/name` of its origin, else `name` or the folder's name. Raises NotFound,
        InvalidRequest when it is no repository, Refused outside the allowed roots, and Conflict
        when the path or the id is taken.
        """
        if name is not None:
            check_name(name)
        folder = await self._boundaries.folder(path, principal)
        layout = await anyio.to_thread.run_sync(git_directory.locate, folder)
        if layout is None:
            raise InvalidRequest(
                f"{folder} is not the top folder of a git repository.",
                hint="Register the folder that holds .git, or scan this one as a workspace.",
            )
        await self._boundaries.check_layout(layout, principal)
        facts = await self._complete(await anyio.to_thread.run_sync(inspect, folder, layout))
        from_origin = id_from_url(facts.origin_url) if facts.origin_url else None
        shown = name or folder.name
        return await self._add(from_origin or id_from_name(shown), shown, facts, clone_url=None)

    async def register_clone_url(
        self,
        url: str,
        principal: Principal,
        name: str | None = None,
        progress: Progress | None = None,
    ) -> Repository:
        """Mirror a remote repository and register the mirror under `owner/name` of its URL.

        Raises InvalidRequest, Refused (a protocol, an option, a credential, a private network),
        Unavailable when git cannot reach it, TimedOut, and Conflict when it is registered already.
        """
        if name is not None:
            check_name(name)
        checked = self._mirrors.check(url)
        await self._boundaries.check_file_url(checked, principal)
        repository_id = id_from_url(checked.url) or id_from_name(name or Path(checked.url).stem)
        async with self._database.read() as connection:
            _refuse_taken(await store.get_alike(connection, repository_id))
        mirror = await self._mirrors.ensure(checked, progress)
        facts = await self._facts(mirror)
        shown = name or repository_id.rpartition("/")[2]
        return await self._add(repository_id, shown, facts, clone_url=checked.url)

    async def discover(self, workspace: Path, principal: Principal) -> DiscoveryReport:
        """Register every repository under a folder and refresh those that are known.

        Links are not followed; a linked worktree, a submodule checkout and a second checkout of
        one origin in this workspace are skipped with the reason. A checkout in this workspace takes
        the place of one that was registered elsewhere. Raises NotFound and Refused for the
        folder itself.
        """
        return await self._workspaces.discover(workspace, principal)

    async def import_report(self, report: Mapping[str, object]) -> ReportImport:
        """Register what a GitRepoReport.json names. Raises InvalidRequest naming the bad field.

        Repositories are registered by clone URL without being cloned; `refresh` clones them.
        """
        return await self._importer.run(parse_report(report))

    async def list(self, params: PageParams) -> Page[Repository]:
        """A page of the registered repositories, by id."""
        after = start_of(params) or ""
        async with self._database.read() as connection:
            found = await store.page(connection, after, params.limit + 1)
            total = await store.count(connection)
        return cut_page(found, params, lambda one: (one.id,), total)

    async def all(self) -> Sequence[Repository]:
        """Every registered repository, by id."""
        async with self._database.read() as connection:
            return await store.active(connection)

    async def get(self, repository_id: str) -> Repository:
        """The repository with this id. Raises NotFound, naming ids that come near."""
        async with self._database.read() as connection:
            return await _existing(connection, repository_id)

    async def update(
        self, repository_id: str, changes: RepositoryChanges, expected_version: int | None = None
    ) -> Repository:
        """Change what the caller may change.

        Raises NotFound, InvalidRequest for a name or branch that cannot be, and Stale at another
        version than the one expected.
        """
        if changes.name is not None:
            check_name(changes.name)
        if changes.default_branch is not None:
            check_branch(changes.default_branch)
        values = changes.model_dump(exclude_unset=True, exclude_none=True)
        async with self._database.write() as transaction:
            await store.lock(transaction)
            before = await _at_version(transaction, repository_id, expected_version)
            if all(getattr(before, name) == value for name, value in values.items()):
                await self._audit.outcome(transaction, "success")
                return before
            after = await store.change(transaction, before, values, datetime.now(UTC))
            await self._record(transaction, "repository.updated", before, after)
        return after

    async def remove(self, repository_id: str, expected_version: int | None = None) -> Repository:
        """Take a repository out of the registry; its folder, mirror and history stay.

        A later look through its workspace does not bring it back, registering its path or URL does.
        Raises NotFound, and Stale at another version.
        """
        async with self._database.write() as transaction:
            await store.lock(transaction)
            before = await _at_version(transaction, repository_id, expected_version)
            await store.mark_removed(transaction, before, datetime.now(UTC))
            await self._record(transaction, "repository.removed", before, None)
        return before

    async def refresh(self, repository_id: str, progress: Progress | None = None) -> Repository:
        """Fetch the mirror of a cloned repository (or make it), and note what is there now.

        Raises as `register_clone_url`; a repository registered by its path is only looked at.
        """
        path = await self._brought_up(await self.get(repository_id), progress)
        facts = await self._facts(path)
        async with self._database.write() as transaction:
            await store.lock(transaction)
            before = await _existing(transaction, repository_id)
            values = _columns(facts)
            if all(getattr(before, name) == value for name, value in values.items()):
                await self._audit.outcome(transaction, "success")
                return before
            after = await store.change(transaction, before, values, datetime.now(UTC))
            await self._record(transaction, "repository.updated", before, after)
        return after

    async def health(self) -> ComponentHealth:
        """How many repositories there are, and whether git can be used."""
        async with self._database.read() as connection:
            registered = await store.count(connection)
        try:
            version = await self._git.version()
        except Unavailable as error:
            return ComponentHealth(
                name="repositories",
                status="degraded",
                reasons=[str(error)],
                figures={"registered": registered},
            )
        figures: dict[str, int | float | str | bool | None] = {
            "registered": registered,
            "git_version": version,
        }
        return ComponentHealth(name="repositories", status="healthy", figures=figures)

    async def _add(
        self, repository_id: str, name: str, facts: Facts, clone_url: str | None
    ) -> Repository:
        now = datetime.now(UTC)
        repository = Repository(
            id=repository_id,
            name=name,
            clone_url=clone_url,
            created_at=now,
            updated_at=now,
            **_columns(facts),
        )
        async with self._database.write() as transaction:
            await store.lock(transaction)
            _refuse_taken(await store.get_alike(transaction, repository_id))
            _refuse_taken(await store.get_by_path(transaction, str(facts.path)))
            stored = await store.save(transaction, repository)
            await self._record(transaction, "repository.registered", None, stored)
        return stored

    async def _record(
        self,
        transaction: Connection,
        event: str,
        before: Repository | None,
        after: Repository | None,
    ) -> None:
        states = [
            item.model_dump(mode="json") if item is not None else None for item in (before, after)
        ]
        await self._audit.outcome(transaction, "success", states[0], states[1])
        repository = after or before
        if repository is not None:
            data: dict[str, JsonValue] = {"id": repository.id, "version": repository.version}
            await self._events.append(transaction, CHANNEL, event, data)

    async def _brought_up(self, known: Repository, progress: Progress | None) -> Path:
        """Where to look for a repository, after a fetch when that is the mirror of its URL."""
        if known.clone_url is None:
            return Path(known.path or "")
        checked = self._mirrors.check(known.clone_url)
        # A checkout that was found later is somebody's own, and is read as it is.
        if known.path in {None, str(self._mirrors.path_of(checked))}:
            return await self._mirrors.ensure(checked, progress)
        return Path(known.path or "")

    async def _facts(self, path: Path) -> Facts:
        layout = await anyio.to_thread.run_sync(git_directory.locate, path)
        if layout is None:
            raise NotFound(
                f"{path} is no git repository any more.",
                hint="Restore it, or remove it from the registry.",
            )
        return await self._complete(await anyio.to_thread.run_sync(inspect, path, layout))

    async def _complete(self, facts: Facts) -> Facts:
        if not facts.asks_git:
            return facts
        return facts._replace(head_sha=await self._git.head_commit(facts.path), asks_git=False)


def _columns(facts: Facts) -> dict[str, Any]:
    return {
        "path": str(facts.path),
        "origin_url": facts.origin_url,
        "default_branch": facts.default_branch,
        "head_sha": facts.head_sha,
    }


async def _at_version(
    transaction: Connection, repository_id: str, expected: int | None
) -> Repository:
    found = await _existing(transaction, repository_id)
    require_version(repository_id, found.version, expected)
    return found


async def _existing(connection: Connection, repository_id: str) -> Repository:
    found = await store.get(connection, repository_id) if is_id(repository_id) else None
    if found is not None:
        return found
    near = _near(repository_id, await store.ids(connection))
    raise NotFound(
        f"There is no repository {repository_id[:200]!r}.",
        hint=f"Did you mean {' or '.join(near)}?" if near else "List the repositories.",
        details={"near": [*near]},
    )


def _near(repository_id: str, known: list[str]) -> list[str]:
    asked = repository_id.lower()[:200]
    ending = [found for found in known if found.lower().rpartition("/")[2] == asked]
    lower = {found.lower(): found for found in known}
    alike = [lower[found] for found in difflib.get_close_matches(asked, lower, 3)]
    return list(dict.fromkeys([*ending, *alike]))[:3]


def _refuse_taken(known: Repository | None) -> None:
    if known is not None:
        raise Conflict(
            f"{known.id} is registered already, at {known.path or known.clone_url}.",
            hint="Use that one, or remove it first.",
            details={"id": known.id, "version": known.version},
        )
