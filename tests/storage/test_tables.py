import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Select, insert, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, StatementError

from gitops_auditor.storage import pipeline_tables, tables
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.quality_tables import quality_gates, quality_results
from gitops_auditor.storage.schema import upgrade

DOCUMENT = Path(__file__).with_name("document.sql")


def columns(file: Path) -> dict[str, dict[str, tuple[bool, bool]]]:
    """For each table its columns, and of each whether it is NOT NULL and part of the key."""
    connection = sqlite3.connect(file)
    try:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: {
                row[1]: (bool(row[3]), bool(row[5]))
                for row in connection.execute(f"PRAGMA table_info({name})")
            }
            for (name,) in names
        }
    finally:
        connection.close()


@pytest.fixture
async def ours(tmp_path: Path) -> dict[str, dict[str, tuple[bool, bool]]]:
    file = tmp_path / "ours.db"
    await upgrade(f"sqlite:///{file}", tmp_path)
    return columns(file)


@pytest.fixture
def document(tmp_path: Path) -> dict[str, dict[str, tuple[bool, bool]]]:
    file = tmp_path / "document.db"
    connection = sqlite3.connect(file)
    connection.executescript(DOCUMENT.read_text(encoding="utf-8"))
    connection.close()
    return columns(file)


async def test_the_migrated_tables_hold_every_table_and_column_of_the_document(
    ours: dict[str, dict[str, tuple[bool, bool]]],
    document: dict[str, dict[str, tuple[bool, bool]]],
) -> None:
    assert len(document) == 7
    for table, wanted in document.items():
        assert wanted.keys() <= ours[table].keys()


async def test_what_the_document_requires_is_required_but_for_the_target_of_an_edge(
    ours: dict[str, dict[str, tuple[bool, bool]]],
    document: dict[str, dict[str, tuple[bool, bool]]],
) -> None:
    loosened = {
        (table, column)
        for table, wanted in document.items()
        for column, (required, _) in wanted.items()
        if required and not ours[table][column][0]
    }
    assert loosened == {("repository_dependencies", "target_repo")}


async def test_the_defaults_of_the_document_are_kept(database: Database) -> None:
    async with database.write() as transaction:
        await transaction.execute(
            insert(quality_gates).values(id="g", name="g", gate_type="pre_merge", definition={})
        )
        await transaction.execute(
            insert(pipeline_tables.pipelines).values(
                id="p", name="p", repository_id="r", definition={}, version="1"
            )
        )
    async with database.read() as connection:
        gate = (await connection.execute(select(quality_gates))).one()
        pipeline = (await connection.execute(select(pipeline_tables.pipelines))).one()
    assert gate.active is True
    assert pipeline.status == "active"
    assert abs(pipeline.created_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_row_that_points_at_nothing_is_refused(database: Database) -> None:
    orphan = insert(pipeline_tables.pipeline_runs).values(
        id="x", pipeline_id="none", run_number=1, status="pending"
    )
    with pytest.raises(IntegrityError):
        async with database.write() as transaction:
            await transaction.execute(orphan)


async def test_a_moment_comes_back_in_utc_with_its_microseconds(database: Database) -> None:
    moment = datetime(2026, 3, 1, 12, 30, 1, 5, tzinfo=timezone(timedelta(hours=5)))
    async with database.write() as transaction:
        await transaction.execute(
            insert(tables.repositories).values(id="a/b", name="b", last_scanned_at=moment)
        )
    async with database.read() as connection:
        found = (
            await connection.execute(select(tables.repositories.c.last_scanned_at))
        ).scalar_one()
    assert found == moment
    assert found.tzinfo is UTC


async def test_a_moment_without_a_time_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    with pytest.raises(StatementError, match="time zone"):
        async with database.write() as transaction:
            await transaction.execute(
                insert(tables.repositories).values(id="a/b", name="b", created_at=naive)
            )


async def test_json_comes_back_as_it_was_and_none_is_null(database: Database) -> None:
    value: dict[str, object] = {"list": [1, 2.5, "ü", None, True], "nested": {"a": {}}}
    rows: list[dict[str, object]] = [
        {"id": "1", "template_name": "t", "repository_id": "r", "metrics": value},
        {"id": "2", "template_name": "t", "repository_id": "r", "metrics": None},
    ]
    async with database.write() as transaction:
        await transaction.execute(insert(tables.template_metrics), rows)
    metrics = tables.template_metrics.c.metrics
    async with database.read() as connection:
        assert (await connection.scalars(select(metrics).where(metrics.is_not(None)))).all() == [
            value
        ]


async def test_an_edge_is_stored_once(database: Database) -> None:
    edge = insert(tables.repository_dependencies).values(
        id="1", source_repo="a", dependency_type="npm", name="b", file="package.json"
    )
    async with database.write() as transaction:
        await transaction.execute(edge)
    with pytest.raises(IntegrityError):
        async with database.write() as transaction:
            await transaction.execute(edge)


async def test_the_path_of_a_removed_repository_may_be_registered_again(database: Database) -> None:
    row = insert(tables.repositories).values(name="b", path="/b")
    async with database.write() as transaction:
        await transaction.execute(row.values(id="old", removed_at=datetime.now(UTC)))
        await transaction.execute(row.values(id="new"))
    with pytest.raises(IntegrityError):
        async with database.write() as transaction:
            await transaction.execute(row.values(id="third"))


EDGES = tables.repository_dependencies.c
COMMON: dict[str, Select[tuple[object, ...]]] = {
    "a repository": select(tables.repositories).where(tables.repositories.c.id == "a"),
    "edges from": select(EDGES.id).where(EDGES.source_repo == "a", EDGES.removed_at.is_(None)),
    "edges to": select(EDGES.id).where(EDGES.target_repo == "a", EDGES.removed_at.is_(None)),
    "edges by name": select(EDGES.id).where(EDGES.name == "a"),
    "an edge": select(EDGES.name).where(EDGES.id == "a"),
    "changes of an edge": select(tables.dependency_changes).where(
        tables.dependency_changes.c.dependency_id == "a"
    ),
    "runs of a pipeline": select(pipeline_tables.pipeline_runs)
    .where(pipeline_tables.pipeline_runs.c.pipeline_id == "a")
    .order_by(pipeline_tables.pipeline_runs.c.run_number.desc()),
    "results of a repository": select(quality_results)
    .where(quality_results.c.repository_id == "a")
    .order_by(quality_results.c.executed_at.desc()),
    "unfinished work": select(tables.work.c.owner).where(
        tables.work.c.status.in_(["pending", "running"])
    ),
    "events of a channel": select(tables.events)
    .where(tables.events.c.channel == "a", tables.events.c.seq > 5)
    .order_by(tables.events.c.seq),
    "a token": select(tables.tokens).where(tables.tokens.c.hash == "a"),
}


@pytest.mark.parametrize("name", COMMON)
async def test_no_common_query_scans_a_table(name: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'plan.db'}"
    await upgrade(url, tmp_path)
    compiled = COMMON[name].compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    async with Database.open(url) as database, database.read() as connection:
        plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))).all()
    steps = [row.detail for row in plan]
    assert not [step for step in steps if step.startswith("SCAN")], steps
    assert any("SEARCH" in step for step in steps)
    assert not [step for step in steps if "TEMP B-TREE" in step], steps
