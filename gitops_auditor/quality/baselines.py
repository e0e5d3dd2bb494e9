"""Figures of releases: recorded by somebody, or when a release passed its gate."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from packaging.version import InvalidVersion, Version
from pydantic import JsonValue

from gitops_auditor.audit import Audit
from gitops_auditor.errors import NotFound
from gitops_auditor.events import EventLog
from gitops_auditor.pages import Page, PageParams, slice_page
from gitops_auditor.quality.records import Baseline
from gitops_auditor.quality.service import CHANNEL
from gitops_auditor.quality.store import baselines as store
from gitops_auditor.repositories.revisions import STAGED, WORKTREE
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

PREVIOUS_RELEASE: Final = "previous_release"


class Baselines:
    """Every write needs a current `Audit.operation`, appends an event and is one transaction."""

    def __init__(
        self, database: Database, events: EventLog, audit: Audit, repositories: RepositoryRegistry
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._repositories = repositories

    async def record(
        self, repository_id: str, name: str, ref: str, metrics: Mapping[str, float], actor: str
    ) -> Baseline:
        """Keep figures under a name, such as that of a release, in place of those of that name.

        `ref` is what was measured; empty means what `name` names. Raises NotFound.
        """
        repository = await self._repositories.get(repository_id)
        revision = await self._repositories.revisions.resolve(repository, ref or name)
        made = Baseline(
            repository_id=repository.id,
            name=name,
            commit=revision.commit,
            metrics=dict(metrics),
            recorded_at=datetime.now(UTC),
            recorded_by=actor,
        )
        await self.keep(made)
        return made

    async def keep(self, baseline: Baseline) -> None:
        """Keep figures that are known as such."""
        facts: dict[str, JsonValue] = {
            "repository_id": baseline.repository_id,
            "name": baseline.name,
            "commit": baseline.commit,
        }
        async with self._database.write() as transaction:
            await store.put(transaction, baseline)
            await self._audit.effect(transaction, None, facts)
            await self._events.append(transaction, CHANNEL, "quality.baseline.recorded", facts)

    async def remove(self, repository_id: str, name: str) -> Baseline:
        """Forget figures. Raises NotFound."""
        found = await self.get(repository_id, name)
        facts: dict[str, JsonValue] = {"repository_id": repository_id, "name": name}
        async with self._database.write() as transaction:
            await store.remove(transaction, repository_id, name)
            await self._audit.effect(transaction, facts, None)
            await self._events.append(transaction, CHANNEL, "quality.baseline.removed", facts)
        return found

    async def get(self, repository_id: str, name: str) -> Baseline:
        """The figures of one name. Raises NotFound naming those that there are."""
        async with self._database.read() as connection:
            known = await store.of_repository(connection, repository_id)
        for one in known:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in known) or "none"
        raise NotFound(
            f"{repository_id} has no baseline {name}; it has: {names}.",
            hint="Record one for a release with its figures.",
        )

    async def list(self, repository_id: str, params: PageParams) -> Page[Baseline]:
        """A page of the figures of a repository, by name."""
        repository = await self._repositories.get(repository_id)
        async with self._database.read() as connection:
            known = await store.of_repository(connection, repository.id)
        return slice_page(known, params)

    async def before(self, repository_id: str, baseline: str, commit: str) -> Baseline | None:
        """The figures that a gate's `baseline` means for a commit; None when there are none.

        `previous_release` is the highest version that is part of the commit's history and is not
        the commit itself; any other word is the name of figures. WORKTREE and STAGED come after
        the commit that is checked out.
        """
        async with self._database.read() as connection:
            if baseline != PREVIOUS_RELEASE:
                return await store.get(connection, repository_id, baseline)
            known = await store.of_repository(connection, repository_id)
        repository = await self._repositories.get(repository_id)
        revisions, head = self._repositories.revisions, commit
        if commit in (WORKTREE, STAGED):
            head = (await revisions.checked_out(repository)).commit
        for one in sorted(known, key=_version, reverse=True):
            if release(one.name) is None or one.commit == commit:
                continue
            common = await revisions.merge_base(repository, one.commit, head)
            if common == one.commit:
                return one
        return None


def release(name: str) -> Version | None:
    """The version that a name such as `v1.2.0` or `tool-1.2.0` ends with, None without one."""
    for text in (name, name.rpartition("@")[2], name.rpartition("-")[2], name.rpartition("/")[2]):
        try:
            return Version(text)
        except InvalidVersion:
            continue
    return None


def _version(baseline: Baseline) -> Version:
    return release(baseline.name) or Version("0.dev0")
