from datetime import timedelta

from sqlalchemy import select

from gitops_auditor.quality.gate import Gate
from gitops_auditor.quality.records import (
    EVERY_REPOSITORY,
    GateDetails,
    GateEnvelope,
    GateSignature,
    StoredGate,
)
from gitops_auditor.quality.store import gates
from gitops_auditor.quality.store.gates import Filter
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.quality_tables import quality_gate_revisions
from tests.quality.asked import NOW, REPOSITORY, details, lint

ENVELOPE = GateEnvelope(payload="e30=", payloadType="t", signatures=[GateSignature(sig="c2ln")])
FILE = ".gitops/quality-gates.yaml"
LATER = NOW + timedelta(hours=1)


def named(name: str, **facts: object) -> GateDetails:
    return details(lint(name=name), **facts)


async def revisions(database: Database, gate_id: str) -> list[tuple[int, str]]:
    table = quality_gate_revisions.c
    query = select(table.revision, table.digest).where(table.gate_id == gate_id)
    async with database.read() as connection:
        return [(row.revision, row.digest) for row in await connection.execute(query)]


async def test_a_gate_is_read_as_it_was_kept(database: Database) -> None:
    gate = details(lint(fail_threshold="high", files=["**/*.py"], timeout="5m"), envelope=ENVELOPE)
    async with database.write() as transaction:
        assert await gates.insert_gate(transaction, gate)
        assert await gates.get(transaction, gate.id) == gate
        assert await gates.get(transaction, "another") is None
        assert await gates.known_digests(transaction, [gate.id, "x"]) == {gate.id: gate.digest}
    assert await revisions(database, gate.id) == [(1, gate.digest)]


async def test_a_name_is_given_once_for_a_repository_and_type(database: Database) -> None:
    async with database.write() as transaction:
        assert await gates.insert_gate(transaction, named("Lint", id="a"))
        assert not await gates.insert_gate(transaction, named("Lint", id="b"))
        assert await gates.insert_gate(transaction, named("Lint", id="c", gate_type="pre_commit"))
        assert await gates.insert_gate(transaction, named("Lint", id="d", repository_id=""))
        await gates.remove(transaction, "a", NOW)
        assert await gates.insert_gate(transaction, named("Lint", id="b"))
        assert await gates.get(transaction, "a") is None
        assert await gates.known_digests(transaction, ["a"]) == {"a": ""}


async def test_a_gate_is_changed_only_by_who_saw_its_version(database: Database) -> None:
    gate = details()
    stricter = details(lint(fail_threshold="low"), id=gate.id, version=2, updated_at=LATER)
    async with database.write() as transaction:
        await gates.insert_gate(transaction, gate)
        assert await gates.revise(transaction, stricter, 1, {"active": False})
        assert not await gates.revise(transaction, stricter, 1, {})
        found = await gates.get(transaction, gate.id)
    assert found == stricter.model_copy(update={"active": False})
    assert await revisions(database, gate.id) == [(1, gate.digest), (2, stricter.digest)]


async def test_pages_hold_what_was_wanted(database: Database) -> None:
    async with database.write() as transaction:
        for gate in (
            named("A", id="1"),
            named("B", id="2", active=False),
            named("C", id="3", gate_type="pre_commit"),
            named("D", id="4", repository_id="acme/other"),
            named("E", id="5", repository_id=EVERY_REPOSITORY),
        ):
            await gates.insert_gate(transaction, gate)
        for wanted, found in (
            (Filter(), "12345"),
            (Filter(active=True), "1345"),
            (Filter(gate_type="pre_commit"), "3"),
            (Filter(repository_id="acme/other"), "45"),
            (Filter("pre_merge", active=False, repository_id=REPOSITORY), "2"),
        ):
            page = await gates.page(transaction, wanted, "", 9)
            assert [one.id for one in page] == [*found]
            assert await gates.count(transaction, wanted) == len(found)
        page = await gates.page(transaction, Filter(), "2", 2)
        assert [(one.id, type(one)) for one in page] == [("3", StoredGate), ("4", StoredGate)]


async def test_gates_of_the_platform_are_those_that_are_asked(database: Database) -> None:
    async with database.write() as transaction:
        for gate in (
            named("Own", id="1"),
            named("All", id="2", repository_id=EVERY_REPOSITORY),
            named("Off", id="3", active=False),
            named("Other", id="4", repository_id="acme/other"),
            named("Early", id="5", gate_type="pre_commit"),
            named("Filed", id="6", path=FILE),
            named("Gone", id="7"),
        ):
            await gates.insert_gate(transaction, gate)
        await gates.remove(transaction, "7", NOW)
        found = await gates.of_platform(transaction, REPOSITORY, "pre_merge")
    assert [one.name for one in found] == ["All", "Own"]


async def test_what_a_file_states_gets_a_revision_for_each_change(database: Database) -> None:
    first = named("Lint", path=FILE)
    second = details(
        Gate.model_validate({"name": "Lint", "command": "make lint"}),
        path=FILE,
        created_at=LATER,
        updated_at=LATER,
    )
    async with database.write() as transaction:
        await gates.put_file_gate(transaction, first, is_known=False)
        await gates.remove(transaction, first.id, NOW)
        await gates.put_file_gate(transaction, second, is_known=True)
        found = await gates.get(transaction, first.id)
    assert found == second.model_copy(update={"version": 2, "created_at": NOW})
    assert await revisions(database, first.id) == [(1, first.digest), (2, second.digest)]
