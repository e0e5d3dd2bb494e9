"""Looks through a workspace folder and brings the registry to what is there."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread

from gitops_auditor.audit import Audit
from gitops_auditor.errors import JsonValue, Unavailable
from gitops_auditor.events import EventLog
from gitops_auditor.identity import Principal
from gitops_auditor.repositories import git_directory, store
from gitops_auditor.repositories.boundaries import Boundaries
from gitops_auditor.repositories.discovery import Discovery, Found, discover
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.inspection import Facts, inspect_all
from gitops_auditor.repositories.models import DiscoveryReport, Repository, Skipped
from gitops_auditor.repositories.reconciliation import Plan, Reconciliation
from gitops_auditor.repositories.store import Connection
from gitops_auditor.storage.database import Database

CHANNEL = "repositories"


class Workspaces:
    """Discovers repositories. Its changes are one transaction; without changes there is none."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        git: Git,
        boundaries: Boundaries,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._git = git
        self._boundaries = boundaries

    async def discover(self, path: Path, principal: Principal) -> DiscoveryReport:
        """See RepositoryRegistry.discover."""
        workspace = await self._boundaries.folder(path, principal)
        found = await anyio.to_thread.run_sync(discover, workspace, abandon_on_cancel=True)
        refused = await anyio.to_thread.run_sync(self._refused, found.found, principal)
        allowed = [item for item in found.found if item.path not in refused]
        facts = await self._complete(await anyio.to_thread.run_sync(inspect_all, allowed))
        async with self._database.read() as connection:
            plan = await _plan(connection, workspace, facts)
        if plan.changes_anything:
            plan = await self._apply(workspace, facts)
        return _report(workspace, plan, found, refused)

    def _refused(self, found: Sequence[Found], principal: Principal) -> dict[Path, str]:
        """Repositories that may not be registered, with the reason."""
        refused: dict[Path, str] = {}
        for path, layout in found:
            folders = (layout.git_dir.resolve(), layout.common_dir.resolve())
            if not all(self._boundaries.holds(folder, principal) for folder in folders):
                refused[path] = "its data lies outside the folders that may be registered"
            elif not str(path).isprintable():
                refused[path] = "its path is not printable text; rename the folder"
        return refused

    async def _complete(self, facts: Sequence[Facts]) -> list[Facts]:
        return [await self._ask_git(item) if item.asks_git else item for item in facts]

    async def _ask_git(self, facts: Facts) -> Facts:
        try:
            return facts._replace(head_sha=await self._git.head_commit(facts.path))
        except Unavailable:
            # A damaged HEAD: the repository is registered, and its scan tells what is wrong.
            return facts

    async def _apply(self, workspace: Path, facts: Sequence[Facts]) -> Plan:
        now = datetime.now(UTC)
        async with self._database.write() as transaction:
            await store.lock(transaction)
            # Decided anew: another process may have registered some meanwhile.
            plan = await _plan(transaction, workspace, facts)
            added = [
                await store.save(transaction, _repository(repository_id, item, now))
                for repository_id, item in plan.added
            ]
            changed = [
                await store.change(transaction, known, _changed(known, item), now)
                for known, item in plan.updated
            ]
            after = {item.id: item.model_dump(mode="json") for item in [*added, *changed]}
            before = {item.id: item.model_dump(mode="json") for item, _ in plan.updated}
            await self._audit.effect(transaction, before, after)
            await self._announce(transaction, workspace, plan)
        return plan

    async def _announce(self, transaction: Connection, workspace: Path, plan: Plan) -> None:
        registered: list[JsonValue] = [repository_id for repository_id, _ in plan.added]
        updated: list[JsonValue] = [known.id for known, _ in plan.updated]
        data: dict[str, JsonValue] = {
            "workspace": str(workspace),
            "registered": registered,
            "updated": updated,
        }
        await self._events.append(transaction, CHANNEL, "workspace.discovered", data)


async def _plan(connection: Connection, workspace: Path, facts: Sequence[Facts]) -> Plan:
    active = await store.active(connection)
    removed = await store.removed(connection)
    return Reconciliation(active, removed, _exists).run(workspace, facts)


def _exists(path: str) -> bool:
    return git_directory.locate(Path(path)) is not None


def _repository(repository_id: str, facts: Facts, now: datetime) -> Repository:
    return Repository(
        id=repository_id,
        name=repository_id.rpartition("/")[2],
        path=str(facts.path),
        origin_url=facts.origin_url,
        default_branch=facts.default_branch,
        head_sha=facts.head_sha,
        created_at=now,
        updated_at=now,
    )


def _changed(known: Repository, facts: Facts) -> dict[str, str | None]:
    return {
        "path": str(facts.path),
        "origin_url": facts.origin_url,
        # A branch that somebody set is kept.
        "default_branch": known.default_branch or facts.default_branch,
        "head_sha": facts.head_sha,
    }


def _report(
    workspace: Path, plan: Plan, found: Discovery, refused: dict[Path, str]
) -> DiscoveryReport:
    outside = [Skipped(path=str(path), reason=reason) for path, reason in refused.items()]
    skipped = [*found.skipped, *outside, *plan.skipped]
    return DiscoveryReport(
        workspace=str(workspace),
        registered=sorted(repository_id for repository_id, _ in plan.added),
        updated=sorted(known.id for known, _ in plan.updated),
        unchanged=sorted(plan.unchanged),
        missing=plan.missing,
        skipped=sorted(
            (_shown(item) for item in skipped), key=lambda item: (item.path, item.reason)
        ),
        complete=found.complete,
    )


def _shown(skipped: Skipped) -> Skipped:
    """Free of the surrogates that stand for bytes which are no text."""
    texts = [
        text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        for text in (skipped.path, skipped.reason)
    ]
    return Skipped(path=texts[0], reason=texts[1])
