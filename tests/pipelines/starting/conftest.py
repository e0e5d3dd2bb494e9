"""What starts runs is tested apart from the runs: the starter keeps what it was told to start."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import insert

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from gitops_auditor.events import EventLog
from gitops_auditor.pipelines.starting.ports import ScheduledPipeline
from gitops_auditor.pipelines.trigger_models import Event
from gitops_auditor.repositories.git import Git
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import pipelines
from gitops_auditor.work import Process, open_process

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Fired(NamedTuple):
    """One thing that was to be started; `target` is a repository or, by schedule, a pipeline."""

    target: str
    event: Event
    commit: str
    actor: str
    key: str


@dataclass
class Starter:
    """Takes the place of the service that starts runs, which has its own tests.

    Like that service it starts nothing twice with one key. `failures` are raised one by one.
    """

    fired: dict[str, Fired] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    planned: list[ScheduledPipeline] = field(default_factory=list)
    repositories: frozenset[str] = frozenset()

    async def fire(
        self, repository_id: str, event: Event, commit_sha: str, actor: str, key: str
    ) -> list[str]:
        return [self._take(Fired(repository_id, event, commit_sha, actor, key))]

    async def fire_schedule(self, pipeline_id: str, event: Event, actor: str, key: str) -> str:
        return self._take(Fired(pipeline_id, event, "", actor, key))

    async def scheduled(self) -> list[ScheduledPipeline]:
        return self.planned

    async def watched(self) -> frozenset[str]:
        return self.repositories

    @property
    def events(self) -> list[Event]:
        """Of all that was started, in order."""
        return [one.event for one in self.fired.values()]

    def _take(self, wanted: Fired) -> str:
        self.calls.append(wanted.key)
        if self.failures:
            raise self.failures.pop(0)
        self.fired.setdefault(wanted.key, wanted)
        return f"run-{[*self.fired].index(wanted.key)}"


class Node(NamedTuple):
    """What one process of several on the same database has of its own."""

    database: Database
    audit: Audit
    events: EventLog
    process: Process
    registry: RepositoryRegistry


OpenNode = Callable[[], AbstractAsyncContextManager[Node]]


@pytest.fixture
def open_node(database_url: str, settings: Settings, tmp_path: Path) -> OpenNode:
    """Opens what a process of its own would: connections, and a place among the living."""

    @asynccontextmanager
    async def open_one() -> AsyncIterator[Node]:
        async with (
            Database.open(database_url) as database,
            open_process(database, tmp_path) as process,
        ):
            events = EventLog(database)
            audit = Audit(database, tmp_path / "audit-anchor", process)
            registry = RepositoryRegistry(database, events, audit, Git(), settings)
            yield Node(database, audit, events, process, registry)

    return open_one


@pytest.fixture
async def node(open_node: OpenNode) -> AsyncIterator[Node]:
    async with open_node() as opened:
        yield opened


@pytest.fixture
def starter() -> Starter:
    return Starter()


async def add_pipeline(
    database: Database, pipeline_id: str = "p", repository: str = "acme/tool"
) -> None:
    """A row that runs and times can belong to."""
    async with database.write() as transaction:
        await transaction.execute(
            insert(pipelines).values(
                id=pipeline_id,
                name=pipeline_id,
                repository_id=repository,
                definition={},
                version="1",
                created_at=LONG_AGO,
                updated_at=LONG_AGO,
            )
        )


async def unmoved(_repository_id: str, _branch: str) -> tuple[str, ...]:
    """Nobody waits for a pull request."""
    return ()


async def outcomes(audit: Audit, operation: str) -> list[str | None]:
    """How each audited operation of this name ended, oldest first."""
    return [one.result async for one in audit.export() if one.operation == operation]


def refusal(kind: type[GitOpsError]) -> GitOpsError:
    """A failure as the platform reports it."""
    return kind("It does not work.", hint="Try something else.")
