"""SQLite finds runs by an index, however many there are."""

import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.ext.asyncio import AsyncConnection

from gitops_auditor.pipelines.store import artifacts, definitions, external_runs
from gitops_auditor.pipelines.store import journal_statements as journal
from gitops_auditor.pipelines.store import runs as store
from gitops_auditor.pipelines.store.runs import Filter
from gitops_auditor.storage.database import Database
from tests.factories.databases import migrated_sqlite

Ask = Callable[[AsyncConnection], Awaitable[object]]
NOW = datetime(2026, 11, 1, tzinfo=UTC)
RUN = f"{int(NOW.timestamp() * 1000):012x}abcdefabcdef"


def listing(before: str | None = RUN, **wanted: Any) -> Ask:
    return lambda connection: store.page(connection, Filter(**wanted), before, 50)


READS: dict[str, Ask] = {
    "a page": listing(),
    "first page of a pipeline": listing(None, pipeline_id="p"),
    "a page of a pipeline": listing(pipeline_id="p"),
    "first page of a repository": listing(None, repository_id="r"),
    "a page of a repository": listing(repository_id="r"),
    "runs of a status": listing(status="failed"),
    "runs of a status in a repository": listing(repository_id="r", status="failed"),
    "runs of a status of a pipeline": listing(pipeline_id="p", status="failed"),
    "the last of a pipeline": lambda connection: store.last_of(connection, "p"),
    "a run in a list": lambda connection: store.summary(connection, RUN),
    "a run": lambda connection: store.details(connection, RUN),
    "the jobs of a run": lambda connection: store.jobs(connection, RUN),
    "the artifacts of a run": lambda connection: artifacts.artifacts_of_run(connection, RUN),
    "a run by its idempotency key": lambda connection: store.by_key(connection, "p", "k"),
    "a run of another system": lambda connection: external_runs.find(connection, "p", "e"),
    "unfinished runs of a group": lambda connection: store.in_group(connection, "g", RUN),
    "how many are unfinished": store.unfinished,
    "whether a pipeline runs": lambda connection: definitions.has_active_run(connection, "p"),
    "runs to forget": lambda connection: store.finished_before(connection, NOW, 10, 200),
    "runs to carry out": lambda connection: connection.execute(
        journal.WAITING, {"b_open": [RUN], "b_limit": 10}
    ),
    "who carries a run out": lambda connection: connection.execute(
        journal.OWNERSHIP, {"b_run": RUN}
    ),
    "whether any run is unfinished": lambda connection: connection.execute(journal.ANY_ACTIVE),
}


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    await migrated_sqlite(tmp_path)
    return tmp_path / "test.db"


async def plan(file: Path, ask: Ask) -> list[str]:
    """The steps in which SQLite answers, after a look at what the store sends to it."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    async with Database.open(f"sqlite:///{file}") as database, database.read() as connection:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            await ask(connection)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    with sqlite3.connect(file) as raw:
        (asked,) = [one for one in sent if one[0].startswith("SELECT")]
        return [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {asked[0]}", asked[1])]


@pytest.mark.parametrize("name", READS)
async def test_no_read_of_runs_looks_at_every_row(name: str, file: Path) -> None:
    steps = await plan(file, READS[name])
    assert any(step.startswith("SEARCH") for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN")], steps


@pytest.mark.parametrize("name", [name for name in READS if "page" in name or "runs of" in name])
async def test_no_list_of_runs_is_sorted_when_it_is_asked_for(name: str, file: Path) -> None:
    assert not [step for step in await plan(file, READS[name]) if "TEMP B-TREE" in step]


async def test_the_first_page_of_all_runs_follows_the_ids(file: Path) -> None:
    (step,) = await plan(file, listing(None))
    assert "USING INDEX" in step


@pytest.mark.parametrize("column", ["pipeline_id", "repository_id"])
async def test_rare_states_are_found_among_many_runs_of_others(column: str, file: Path) -> None:
    (step,) = await plan(file, listing(status="failed", **{column: "a"}))
    assert f"{column}=? AND status=? AND id<?" in step
