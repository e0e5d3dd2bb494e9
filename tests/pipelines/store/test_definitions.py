"""Rows of pipelines and of the revisions of their definitions."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from gitops_auditor.pipelines.records import PipelineSummary
from gitops_auditor.pipelines.store import definitions as store
from gitops_auditor.pipelines.store.definitions import Filter, NewDefinition
from gitops_auditor.storage.database import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def definition(text: str) -> NewDefinition:
    return NewDefinition(text, f"digest of {text}", {}, "2.0", "", None)


def summary(pipeline_id: str, name: str, repository_id: str = "acme/tool") -> PipelineSummary:
    return PipelineSummary(
        id=pipeline_id,
        name=name,
        repository_id=repository_id,
        status="active",
        definition_version="2.0",
        revision=1,
        version=1,
        last_run_number=0,
        created_at=NOW,
        updated_at=NOW,
        created_by="test",
    )


@pytest.fixture
async def pipeline(database: Database) -> PipelineSummary:
    made = summary("p1", "build")
    async with database.write() as transaction:
        await store.insert_pipeline(transaction, made, definition("one"))
    return made


async def test_a_pipeline_is_read_as_it_was_kept(
    database: Database, pipeline: PipelineSummary
) -> None:
    async with database.read() as connection:
        assert await store.get(connection, "p1") == pipeline
        assert await store.source(connection, "p1", 1) == "one"
        assert await store.source(connection, "p1", 2) is None
        assert await store.active_sources(connection) == [(pipeline, "one")]


@pytest.mark.usefixtures("pipeline")
async def test_each_text_is_kept_once_and_numbered_in_order(database: Database) -> None:
    async def number(text: str) -> int:
        async with database.write() as transaction:
            await store.lock(transaction, "p1")
            return await store.revision_of(transaction, "p1", definition(text), "x", NOW)

    assert [await number(text) for text in ("one", "two", "one", "three", "two")] == [1, 2, 1, 3, 2]


@pytest.mark.usefixtures("pipeline")
async def test_texts_that_are_kept_at_once_get_numbers_of_their_own(database: Database) -> None:
    numbers: list[int] = []

    async def keep(text: str) -> None:
        async with database.write() as transaction:
            await store.lock(transaction, "p1")
            numbers.append(await store.revision_of(transaction, "p1", definition(text), "x", NOW))

    async with anyio.create_task_group() as tasks:
        for text in "abcdef":
            tasks.start_soon(keep, text)
    assert sorted(numbers) == list(range(2, 8))


@pytest.mark.usefixtures("pipeline")
async def test_every_change_makes_another_version(database: Database) -> None:
    async with database.write() as transaction:
        await store.change(transaction, "p1", {"status": "paused"}, LATER)
    async with database.read() as connection:
        found = await store.get(connection, "p1")
        assert await store.active_sources(connection) == []
    assert found is not None
    assert (found.status, found.version, found.updated_at) == ("paused", 2, LATER)


@pytest.mark.usefixtures("pipeline")
async def test_a_removed_pipeline_is_hidden_and_comes_back(database: Database) -> None:
    async with database.write() as transaction:
        await store.change(transaction, "p1", {"removed_at": LATER}, LATER)
        assert await store.get(transaction, "p1") is None
        assert await store.named(transaction, "build") == []
        assert await store.get_any(transaction, "p1") is not None
        assert await store.revive(transaction, "p1", {"name": "again"}, LATER)
        assert not await store.revive(transaction, "p1", {"name": "twice"}, LATER)
        found = await store.get(transaction, "p1")
    assert found is not None
    assert (found.name, found.version, found.updated_at) == ("again", 3, LATER)


@pytest.mark.usefixtures("pipeline")
async def test_pipelines_are_paged_by_repository_and_name(database: Database) -> None:
    others = [summary("p2", "a", "zeta/x"), summary("p3", "audit"), summary("p4", "z", "acme/a")]
    async with database.write() as transaction:
        for one in others:
            await store.insert_pipeline(transaction, one, definition("x"))
    async with database.read() as connection:
        first = await store.page(connection, Filter(), ("", ""), 2)
        position = (first[-1].repository_id, first[-1].name)
        rest = await store.page(connection, Filter(), position, 10)
        of_one = await store.of_repository(connection, "acme/tool")
        assert await store.count(connection, Filter("acme/tool", "active")) == 2
    assert [one.id for one in (*first, *rest)] == ["p4", "p3", "p1", "p2"]
    assert [one.id for one in of_one] == ["p3", "p1"]
