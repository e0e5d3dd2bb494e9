"""Pushes into registered repositories, noticed by looking at their branches and tags."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from gitops_auditor.audit import Audit
from gitops_auditor.errors import GitOpsError, TimedOut, Unavailable
from gitops_auditor.identity import SYSTEM
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.starting.github_events import (
    MOST_PATHS,
    is_plain,
    push_event,
    split_ref,
)
from gitops_auditor.pipelines.starting.marks import SEEN_MARK, told_mark_of
from gitops_auditor.pipelines.starting.ports import Revisions, RunStarter
from gitops_auditor.pipelines.starting.turns import take_turns
from gitops_auditor.pipelines.store import triggers as store
from gitops_auditor.pipelines.store.triggers import SeenRef
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database

OPERATION: Final = "notice_push"

_log = get_logger("triggers")


class _Push(NamedTuple):
    repository: Repository
    ref: str
    old: SeenRef | None
    new: str


class PushWatcher:
    """Fires a push for each branch and tag that is new or has moved, once in all processes.

    The first look at a repository only notes what is there. A branch that went through several
    commits between two looks is pushed once. What a webhook told of is not fired again.
    """

    def __init__(
        self,
        database: Database,
        audit: Audit,
        repositories: RepositoryRegistry,
        revisions: Revisions,
        starter: RunStarter,
    ) -> None:
        self._database = database
        self._audit = audit
        self._repositories = repositories
        self._revisions = revisions
        self._starter = starter
        self._unreadable: set[str] = set()
        self._crooked: set[str] = set()
        self._compared: dict[str, Mapping[str, str]] = {}

    async def run(self, interval: float) -> None:
        """Look every `interval` seconds until cancelled; not at all when that is 0."""

        async def turn() -> float:
            await self.look()
            return interval

        if interval:
            await take_turns("pushes", turn)

    async def look(self) -> None:
        """Look once at every repository that has a pipeline which a push can start."""
        watched = await self._starter.watched()
        if not watched:
            return
        for repository in await self._repositories.all():
            if repository.id in watched:
                await self._look_at(repository)

    async def _look_at(self, repository: Repository) -> None:
        try:
            heads = await self._heads(repository)
            if heads != self._compared.get(repository.id):
                await self._compare(repository, heads)
                self._compared[repository.id] = heads
        except GitOpsError as failure:
            if repository.id not in self._unreadable:
                await _log.awarning(
                    "repository is skipped", repository=repository.id, reason=failure.message
                )
            self._unreadable.add(repository.id)
        else:
            self._unreadable.discard(repository.id)

    async def _heads(self, repository: Repository) -> Mapping[str, str]:
        """Branches and tags, without those whose names a program could take for something else."""
        all_heads = await self._revisions.heads(repository)
        heads = {ref: commit for ref, commit in all_heads.items() if is_plain(split_ref(ref)[1])}
        if len(heads) < len(all_heads) and repository.id not in self._crooked:
            first = min(all_heads.keys() - heads.keys())
            await _log.awarning("refs are left out", repository=repository.id, first=first)
            self._crooked.add(repository.id)
        return heads

    async def _compare(self, repository: Repository, heads: Mapping[str, str]) -> None:
        async with self._database.read() as connection:
            seen = await store.seen_refs(connection, repository.id)
        if SEEN_MARK not in seen:
            await self._note_all(repository, heads)
            return
        for ref in sorted(heads):
            old = seen.get(ref)
            if old is None or old.commit != heads[ref]:
                told = seen.get(told_mark_of(ref))
                push = _Push(repository, ref, old, heads[ref])
                if told is None or told.commit != push.new:
                    await self._fire(push)
                await self._note(push)
        for ref in sorted(seen.keys() - heads.keys()):
            if split_ref(ref)[0] and seen[ref].commit:
                await self._note(_Push(repository, ref, seen[ref], ""))

    async def _note_all(self, repository: Repository, heads: Mapping[str, str]) -> None:
        now = datetime.now(UTC)
        async with self._database.write() as transaction:
            if not await store.add_ref(transaction, repository.id, SEEN_MARK, "", now):
                return
            await store.add_refs(transaction, repository.id, heads, now)

    async def _fire(self, push: _Push) -> None:
        kind, name = split_ref(push.ref)
        old = push.old
        event = push_event(kind, name, await self._changed_paths(push))
        # The same commit may be pushed again later, from another place.
        key = f"push:{push.ref}:{push.new}:{old.seen_at.isoformat() if old else 'first'}"
        facts = {"repository_id": push.repository.id, "ref": push.ref, "commit": push.new}
        try:
            async with self._audit.operation(SYSTEM.name, OPERATION, facts):
                await self._starter.fire(push.repository.id, event, push.new, SYSTEM.name, key)
        except (Unavailable, TimedOut):
            raise
        except GitOpsError as failure:
            await _log.awarning("push started nothing", reason=str(failure), **facts)
        except Exception:  # noqa: BLE001 - one push must not keep all others waiting
            await _log.aexception("push failed", **facts)

    async def _changed_paths(self, push: _Push) -> tuple[str, ...] | None:
        if push.old is None or not push.old.commit:
            return None
        found = await self._revisions.changed_paths(push.repository, push.old.commit, push.new)
        if found is None or len(found) > MOST_PATHS:
            return None
        return tuple(found)

    async def _note(self, push: _Push) -> None:
        now = datetime.now(UTC)
        # What a power cut takes back is done again, under the same key.
        async with self._database.write(durable=False) as transaction:
            if push.old is None:
                await store.add_ref(transaction, push.repository.id, push.ref, push.new, now)
            else:
                await store.move_ref(
                    transaction, push.repository.id, push.ref, push.old, push.new, now
                )
