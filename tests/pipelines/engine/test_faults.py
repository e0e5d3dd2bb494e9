"""Runs whose database, logs or folders fail under them."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest
from typing_extensions import override

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Unavailable
from gitops_auditor.events import EventLog
from gitops_auditor.pipelines.engine import writing
from gitops_auditor.pipelines.engine.engine import RunEngine
from gitops_auditor.pipelines.engine.record import Change, Claim, RunIdentity
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.storage import sqlite
from gitops_auditor.storage.database import Database
from tests.factories.databases import migrated_sqlite
from tests.pipelines.engine.world import SECONDS, LogFile, LogFolder, World, open_world

WAITING = """
name: p
stages:
  - name: s
    jobs:
      - name: a
        script: 'echo a >> $WORK/done; until test -e $WORK/go; do sleep 0.02; done'
      - {name: b, script: 'echo b >> $WORK/done'}
"""


class WatchedJournal(Journal):
    """Says when it could not be written, and can lose the answer to a commit."""

    def __init__(self, database: Database, events: EventLog, audit: Audit) -> None:
        super().__init__(database, events, audit)
        self.failed = anyio.Event()
        self.answers_to_lose = 0

    @override
    async def save(self, claim: Claim, identity: RunIdentity, host: str, change: Change) -> None:
        try:
            await super().save(claim, identity, host, change)
        except Unavailable:
            self.failed.set()
            raise
        if self.answers_to_lose:
            self.answers_to_lose -= 1
            raise Unavailable("The connection was cut.", hint="Try again.")


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A world on SQLite, which does not wait long for a lock itself."""
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.02)
    url = await migrated_sqlite(tmp_path)
    async with Database.open(url) as database, open_world(tmp_path, database) as opened:
        audit = Audit(database, tmp_path / "anchor", opened.process)
        journal = WatchedJournal(database, EventLog(database), audit)
        yield opened.with_parts(journal=journal)


def journal_of(world: World) -> WatchedJournal:
    assert isinstance(world.parts.journal, WatchedJournal)
    return world.parts.journal


@contextlib.contextmanager
def locked(world: World) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(world.folder / "test.db")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


async def test_a_run_waits_for_a_locked_database_and_goes_on(world: World) -> None:
    run_id = await world.add_run(WAITING)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.engine.run, run_id)
            await world.until_lines(1)
            with locked(world):
                (world.work / "go").touch()
                await journal_of(world).failed.wait()
    assert (await world.run(run_id)).status == "success"
    assert world.lines() == ["a", "b"]


async def test_a_run_whose_database_stays_away_is_left_and_taken_up_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE_SECONDS", 0.0)
    run_id = await world.add_run(WAITING)
    with anyio.fail_after(SECONDS):
        async with anyio.create_task_group() as tasks:

            async def run() -> None:
                with pytest.raises(Unavailable):
                    await world.engine.run(run_id)

            tasks.start_soon(run)
            await world.until_lines(1)
            with locked(world):
                (world.work / "go").touch()
                await journal_of(world).failed.wait()
        assert world.engine.open_runs == frozenset()
        assert await world.engine.run(run_id) == "success"
    assert world.lines() == ["a", "a", "b"]
    assert [attempt[:3] for attempt in await world.attempts(run_id)] == [
        ("s/a", 1, "failed"),
        ("s/a", 2, "success"),
        ("s/b", 1, "success"),
    ]


async def test_a_commit_whose_answer_was_lost_is_not_made_twice(world: World) -> None:
    journal_of(world).answers_to_lose = 3
    (world.work / "go").touch()
    run_id = await world.carry_out(WAITING)
    assert (await world.run(run_id)).status == "success"
    updates = [one["status"] for one in await world.told("pipeline.job.update")]
    assert updates == ["running", "success", "running", "success"]


class FullDisk(LogFile):
    """A log that cannot be kept."""

    @override
    async def close(self) -> int:
        await super().close()
        raise Unavailable("The log was cut.", hint="Free some space.")


async def test_a_log_that_cannot_be_kept_is_an_error_of_the_job(world: World) -> None:
    class Logs(LogFolder):
        @override
        async def open(self, run_id: str, job: str, attempt: int) -> LogFile:
            return FullDisk(self.base / f"{run_id}.{attempt}")

    (world.work / "go").touch()
    full = world.with_parts(logs=Logs(world.folder))
    run_id = await full.carry_out(WAITING)
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "errored")
    assert run.reason == "s/a: The log was cut. Free some space."


async def test_folders_that_cannot_be_made_fail_the_run_with_the_reason(world: World) -> None:
    class NoFolders(type(world.parts.workspaces)):  # type: ignore[misc]
        async def open(self, *_: object) -> None:
            raise Unavailable("There is no space for a checkout.", hint="Make room.")

    broken = world.with_parts(workspaces=NoFolders(world.folder / "runs"))
    run_id = await broken.carry_out(WAITING)
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "errored")
    assert run.reason == "There is no space for a checkout."
    assert await world.statuses(run_id) == {"a": "skipped", "b": "skipped"}
    (ended,) = await world.told("pipeline.failed")
    assert ended["reason"] == run.reason


async def test_a_bug_in_the_engine_fails_the_run_and_leaves_nothing_running(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gitops_auditor.pipelines.engine.course.end_of", broken)
    (world.work / "go").touch()
    run_id = await world.carry_out(WAITING)
    run = await world.run(run_id)
    assert (run.status, run.failure_kind) == ("failed", "errored")
    assert "ZeroDivisionError" in run.reason


async def test_the_folders_of_failed_runs_stay_for_their_time_and_no_others(world: World) -> None:
    (world.work / "go").touch()
    keeping = world.with_parts(failed_kept=timedelta(hours=1))
    await keeping.carry_out(WAITING)
    failed = await keeping.carry_out(
        "name: p\nstages: [{name: s, jobs: [{name: a, script: exit 1}]}]"
    )
    assert [path.name for path in (world.folder / "runs").iterdir()] == [failed]
    await RunEngine(keeping.parts).remove_leftovers()
    assert [path.name for path in (world.folder / "runs").iterdir()] == [failed]
    await world.engine.remove_leftovers()
    assert list((world.folder / "runs").iterdir()) == []
