"""One scan of the workspace: what changed is read, everything is matched, the difference is stored.

All of it becomes visible in one transaction: a process killed at any moment leaves the state of the
last scan, and the next scan finds the same work still to do.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import anyio
import anyio.to_thread

from gitops_auditor.audit import Audit
from gitops_auditor.dependencies import heads, store
from gitops_auditor.dependencies.announcements import announce, totals
from gitops_auditor.dependencies.changes import Difference, compare
from gitops_auditor.dependencies.collection import RARE_COLLECTIONS
from gitops_auditor.dependencies.edges import Edge, RepositoryStatements
from gitops_auditor.dependencies.heads import Standing
from gitops_auditor.dependencies.matching import consumers, match
from gitops_auditor.dependencies.models import FileProblem, Problem, ScanReport
from gitops_auditor.dependencies.resolution import statements
from gitops_auditor.dependencies.scanner import RepositoryScanner, contents_digest
from gitops_auditor.dependencies.snapshots import (
    NO_COMMITS,
    UNREADABLE,
    RepositoryFacts,
    encode,
)
from gitops_auditor.dependencies.views import problems_of, unpacked
from gitops_auditor.errors import GitOpsError
from gitops_auditor.events import EventLog
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.models import Repository
from gitops_auditor.storage.database import Database

AT_ONCE: Final = 2
"""Repositories read side by side: git works for one while another is parsed."""

PROBLEMS_SHOWN: Final = 100

Progress = Callable[[float, float | None, str], Awaitable[None]]


class _Read(NamedTuple):
    """What stays in memory of a repository that was read; most files say nothing."""

    snapshot: store.NewSnapshot
    statements: RepositoryStatements
    problems: list[FileProblem]
    files: int


class Scan:
    """A scan of `selected` among all `registered` repositories. Run it once."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        git: Git,
        registered: Sequence[Repository],
        *,
        worktree: bool = False,
        refresh: bool = False,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._git = git
        self._scanner = RepositoryScanner(git)
        self._registered = registered
        self._worktree = worktree
        self._refresh = refresh
        self._seconds: dict[str, float] = {}

    async def run(self, selected: Sequence[Repository], progress: Progress) -> ScanReport:
        """Scan and store, or raise Unavailable and change nothing: the database cannot be used."""
        with RARE_COLLECTIONS.block():
            return await self._run(selected, progress)

    async def _run(self, selected: Sequence[Repository], progress: Progress) -> ScanReport:
        with self._timed("heads"):
            standings = await heads.standings(self._git, selected)
            async with self._database.read() as connection:
                stored = await store.snapshot_heads(connection)
        due = [item for item in standings if self._is_due(item, stored)]
        with self._timed("read"):
            read = await self._read_all(due, stored, progress)
        gone = heads.gone(stored, self._registered)
        if not gone and self._all_say_the_same(read, stored):
            return await self._confirm(standings, read)
        return await self._rematch(standings, read, gone, stored)

    def _is_due(self, standing: Standing, stored: Mapping[str, store.SnapshotHead]) -> bool:
        if self._worktree or self._refresh:
            return True
        return not heads.is_unchanged(standing, stored.get(standing.repository.id))

    def _all_say_the_same(
        self, read: Sequence[_Read], stored: Mapping[str, store.SnapshotHead]
    ) -> bool:
        return not self._refresh and all(self._says_the_same(item, stored) for item in read)

    @staticmethod
    def _says_the_same(read: _Read, stored: Mapping[str, store.SnapshotHead]) -> bool:
        snapshot, before = read.snapshot, stored.get(read.snapshot.repository_id)
        return (
            before is not None
            and before.digest == snapshot.digest
            and before.reader_version == snapshot.reader_version
        )

    async def _read_all(
        self,
        due: Sequence[Standing],
        stored: Mapping[str, store.SnapshotHead],
        progress: Progress,
    ) -> list[_Read]:
        read: list[_Read] = []
        slots = anyio.Semaphore(AT_ONCE)

        async def read_one(standing: Standing) -> None:
            async with slots:
                facts = await self._read(standing, stored)
                read.append(await anyio.to_thread.run_sync(_condensed, standing, facts))
                await progress(len(read), len(due), f"Read {standing.repository.id}.")

        async with anyio.create_task_group() as group:
            for standing in due:
                group.start_soon(read_one, standing)
        return sorted(read, key=lambda item: item.snapshot.repository_id)

    async def _read(
        self, standing: Standing, stored: Mapping[str, store.SnapshotHead]
    ) -> RepositoryFacts:
        previous = await self._previous(standing.repository, stored)
        if standing.commit == UNREADABLE:
            return _unreadable(previous, standing.reason)
        known = None if self._refresh else previous
        try:
            if self._worktree:
                return await self._scanner.read_worktree(
                    standing.path, standing.commit or None, known
                )
            if standing.commit == NO_COMMITS:
                return RepositoryFacts(NO_COMMITS, problems=_whole("It has no commits yet."))
            return await self._scanner.read_commit(standing.path, standing.commit, known)
        except GitOpsError as error:
            return _unreadable(previous, error.message)

    async def _previous(
        self, repository: Repository, stored: Mapping[str, store.SnapshotHead]
    ) -> RepositoryFacts | None:
        before = stored.get(repository.id)
        if before is None or before.reader_version != heads.reading_version(repository):
            return None
        async with self._database.read() as connection:
            packed = await store.snapshot_facts(connection, [repository.id])
        return await anyio.to_thread.run_sync(unpacked, packed.get(repository.id))

    async def _confirm(self, standings: Sequence[Standing], read: Sequence[_Read]) -> ScanReport:
        """Nothing that edges are made of has changed: say that all were seen again."""
        now = datetime.now(UTC)
        with self._timed("store"):
            async with self._database.write() as transaction:
                commits = {item.snapshot.repository_id: item.snapshot.commit for item in read}
                await store.move_snapshots(transaction, commits, now)
                await store.mark_validated(transaction, self._confirmed(standings), now)
                counts = await store.edge_counts(transaction)
                report = self._report(standings, read, Difference((), (), (), ()), counts)
                await announce(self._events, transaction, (), report)
        return self._with_times(report)

    async def _rematch(
        self,
        standings: Sequence[Standing],
        read: Sequence[_Read],
        gone: Sequence[str],
        stored: Mapping[str, store.SnapshotHead],
    ) -> ScanReport:
        with self._timed("match"):
            edges = await self._matched(read)
        now = datetime.now(UTC)
        with self._timed("store"):
            async with self._database.write() as transaction:
                before = await store.stored_rows(transaction)
                difference = await anyio.to_thread.run_sync(_compare, edges, before)
                # A repository seen for the first time has no history: nothing in it has changed.
                changes = [item for item in difference.changes if item.edge.source_repo in stored]
                await store.save_snapshots(transaction, [item.snapshot for item in read], now)
                await store.delete_snapshots(transaction, gone)
                await store.apply(transaction, difference, now)
                await store.record_changes(transaction, changes, consumers(edges), now)
                await store.mark_validated(transaction, self._confirmed(standings), now)
                counts = await store.edge_counts(transaction)
                report = self._report(standings, read, difference, counts)
                await self._audit.effect(transaction, after=totals(report))
                await announce(self._events, transaction, changes, report)
        return self._with_times(report)

    async def _matched(self, read: Sequence[_Read]) -> list[Edge]:
        fresh = {item.snapshot.repository_id: item.statements for item in read}
        others = [item.id for item in self._registered if item.id not in fresh]
        async with self._database.read() as connection:
            packed = await store.snapshot_facts(connection, others)
        return await anyio.to_thread.run_sync(_match, self._registered, fresh, packed)

    def _confirmed(self, standings: Sequence[Standing]) -> list[str] | None:
        """Ids of the repositories whose edges were seen; None for all there are."""
        seen = [item.repository.id for item in standings if item.commit != UNREADABLE]
        return None if len(seen) == len(self._registered) else seen

    def _report(
        self,
        standings: Sequence[Standing],
        read: Sequence[_Read],
        difference: Difference,
        counts: store.EdgeCounts,
    ) -> ScanReport:
        problems = [problem for item in read for problem in item.problems]
        kinds = [change.kind for change in difference.changes]
        return ScanReport(
            repositories=len(standings),
            read=len(read),
            unchanged=len(standings) - len(read),
            files=sum(item.files for item in read),
            dependencies=counts.live,
            internal=counts.internal,
            added=kinds.count("added"),
            updated=kinds.count("updated"),
            removed=kinds.count("removed"),
            problems_total=len(problems),
            problems=problems[:PROBLEMS_SHOWN],
            seconds={},
        )

    def _with_times(self, report: ScanReport) -> ScanReport:
        seconds = {name: round(value, 4) for name, value in self._seconds.items()}
        return report.model_copy(update={"seconds": seconds})

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._seconds[stage] = time.perf_counter() - started


def _whole(reason: str) -> tuple[tuple[str, Problem], ...]:
    return (("", Problem(f"The repository was not read: {reason}", 0, 0)),)


def _unreadable(previous: RepositoryFacts | None, reason: str) -> RepositoryFacts:
    """What was known stays known: that a disk is not mounted removes no dependency."""
    known = previous or RepositoryFacts(UNREADABLE)
    return known._replace(commit=UNREADABLE, problems=_whole(reason))


def _compare(edges: Sequence[Edge], rows: Sequence[Any]) -> Difference:
    return compare(edges, store.stored_edges(rows))


def _condensed(standing: Standing, facts: RepositoryFacts) -> _Read:
    repository = standing.repository
    snapshot = store.NewSnapshot(
        repository.id,
        facts.commit,
        contents_digest(facts),
        heads.reading_version(repository),
        encode(facts),
    )
    return _Read(
        snapshot,
        statements(heads.place_of(repository), facts),
        list(problems_of(repository.id, facts)),
        len(facts.files),
    )


def _match(
    registered: Sequence[Repository],
    fresh: Mapping[str, RepositoryStatements],
    packed: Mapping[str, bytes],
) -> list[Edge]:
    return match(
        [
            fresh[item.id] if item.id in fresh else _known(item, packed.get(item.id))
            for item in registered
        ]
    )


def _known(repository: Repository, packed: bytes | None) -> RepositoryStatements:
    """What the last scan read; a repository never scanned is there, but says nothing."""
    return statements(heads.place_of(repository), unpacked(packed) or RepositoryFacts(NO_COMMITS))
