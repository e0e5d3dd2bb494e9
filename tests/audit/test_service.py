"""What operations leave in the audit log."""

from pathlib import Path

import anyio
import pytest
from sqlalchemy import delete, func, insert, select

from gitops_auditor.audit import Audit, AuditRecord
from gitops_auditor.errors import Conflict, Unavailable
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.tables import audit_log, tokens
from tests.audit.conftest import Processes


async def _records(audit: Audit) -> list[AuditRecord]:
    return [record async for record in audit.export()]


async def test_a_successful_operation_leaves_one_entry_with_its_changes(
    audit: Audit, database: Database
) -> None:
    async with (
        audit.operation("ann", "rename_thing", {"id": "a", "token": "s3cr3t"}),
        database.write() as transaction,
    ):
        await audit.outcome(transaction, "success", {"name": "old"}, {"name": "new"})
    [record] = await _records(audit)
    assert (record.actor, record.operation, record.result) == ("ann", "rename_thing", "success")
    assert record.parameters == {"id": "a", "token": "***"}
    assert [change.model_dump() for change in record.changes] == [
        {"before": {"name": "old"}, "after": {"name": "new"}}
    ]
    assert record.ended_at is not None
    assert record.started_at <= record.ended_at
    assert (record.first_row, record.last_row) == (1, 2)


async def test_the_intent_is_committed_before_the_operation_runs(
    audit: Audit, database: Database
) -> None:
    async with audit.operation("ann", "slow", {}):
        [record] = await _records(audit)
        assert record.result is None
    assert [found.result for found in await _records(audit)] == ["success"]


async def test_an_operation_with_several_transactions_lists_each_change(
    audit: Audit, database: Database
) -> None:
    async with audit.operation("ann", "scan", {}):
        for number in range(3):
            async with database.write() as transaction:
                await audit.effect(transaction, after={"step": number})
    [record] = await _records(audit)
    assert [change.after for change in record.changes] == [{"step": 0}, {"step": 1}, {"step": 2}]
    assert record.result == "success"


async def test_a_change_that_is_rolled_back_leaves_a_failure_and_no_change(
    audit: Audit, database: Database
) -> None:
    async def make() -> None:
        async with audit.operation("ann", "make", {}), database.write() as transaction:
            row = insert(tokens).values(id="1", name="n", role="viewer", hash="h")
            await transaction.execute(row)
            await audit.outcome(transaction, "success", after={"id": "1"})
            raise Conflict("It is taken.", hint="Take another.")

    with pytest.raises(Conflict):
        await make()
    [record] = await _records(audit)
    assert (record.result, record.changes) == ("failure", [])
    assert record.error == {"code": "conflict", "message": "It is taken."}
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(tokens)) == 0


async def test_the_text_of_an_unexpected_fault_is_not_recorded(audit: Audit) -> None:
    with pytest.raises(ZeroDivisionError):
        async with audit.operation("ann", "make", {}):
            raise ZeroDivisionError("holds hunter2")
    [record] = await _records(audit)
    assert record.error == {"code": "internal", "message": "ZeroDivisionError"}


async def test_a_cancelled_operation_says_so(audit: Audit) -> None:
    with anyio.CancelScope() as scope:
        async with audit.operation("ann", "make", {}):
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    [record] = await _records(audit)
    assert (record.result, record.error) == (
        "failure",
        {"code": "cancelled", "message": "It was cancelled."},
    )


async def test_a_change_outside_an_operation_is_refused(audit: Audit, database: Database) -> None:
    with pytest.raises(RuntimeError, match="outside"):
        async with database.write() as transaction:
            await audit.outcome(transaction, "success")


async def test_operations_at_the_same_time_keep_their_own_entries(
    audit: Audit, database: Database
) -> None:
    async def operate(number: int) -> None:
        async with audit.operation(f"actor-{number}", "work", {}):
            await anyio.lowlevel.checkpoint()
            async with database.write() as transaction:
                await audit.outcome(transaction, "success", after={"number": number})

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(operate, number)
    records = await _records(audit)
    assert {(record.actor, str(record.changes[0].after)) for record in records} == {
        (f"actor-{number}", str({"number": number})) for number in range(20)
    }
    assert (await audit.verify()).ok


async def test_operations_of_dead_processes_become_interrupted_and_only_those(
    database: Database, anchor_path: Path, audit: Audit, processes: Processes
) -> None:
    other = Audit(database, anchor_path, Processes("dead"))
    await other.intend("ann", "half_done", {})
    await Audit(database, anchor_path, Processes("running")).intend("ann", "going_on", {})
    await audit.intend("ann", "own", {})
    processes.running.add("running")
    assert await audit.settle() == 1
    assert await audit.settle() == 0
    assert {record.operation: record.result for record in await _records(audit)} == {
        "half_done": "interrupted",
        "going_on": None,
        "own": None,
    }
    assert (await audit.verify()).ok


async def test_pages_follow_one_another_without_gaps(audit: Audit) -> None:
    for number in range(7):
        async with audit.operation("ann", f"operation-{number}", {}):
            pass
    seen: list[str] = []
    after = 0
    while page := await audit.page(after, 3):
        assert len(page) <= 3
        seen += [record.operation for record in page]
        after = page[-1].first_row
    assert seen == [f"operation-{number}" for number in range(7)]


async def test_an_anchor_that_cannot_be_written_does_not_undo_the_change(
    database: Database, tmp_path: Path, processes: Processes
) -> None:
    blocked = tmp_path / "folder"
    (blocked / "audit-anchor").mkdir(parents=True)
    audit = Audit(database, blocked / "audit-anchor", processes)
    async with audit.operation("ann", "make", {}):
        pass
    assert [record.result for record in await _records(audit)] == ["success"]
    with pytest.raises(Unavailable, match="anchor"):
        await audit.verify()


async def test_an_empty_log_is_whole(audit: Audit) -> None:
    verdict = await audit.verify()
    assert (verdict.ok, verdict.rows) == (True, 0)


async def test_a_log_that_was_emptied_is_found(audit: Audit, database: Database) -> None:
    async with audit.operation("ann", "make", {}):
        pass
    async with database.write() as transaction:
        await transaction.execute(delete(audit_log))
    verdict = await audit.verify()
    assert not verdict.ok
    assert [problem.row for problem in verdict.problems] == [1, 2]


async def test_a_second_outcome_is_not_given_to_an_operation_that_is_settled_twice(
    database: Database, anchor_path: Path, processes: Processes
) -> None:
    dead = Audit(database, anchor_path, Processes("dead"))
    for number in range(5):
        await dead.intend("ann", f"half-{number}", {})
    settled: list[int] = []

    async def settle() -> None:
        settled.append(await Audit(database, anchor_path, processes).settle())

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(settle)
    assert sum(settled) == 5
    assert [record.result for record in await _records(dead)] == ["interrupted"] * 5


async def test_a_failure_is_reported_even_when_its_outcome_cannot_be_written(
    audit: Audit, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise Unavailable("The disk is full.", hint="Free some space.")

    async def fail() -> None:
        async with audit.operation("ann", "make", {}):
            monkeypatch.setattr(database, "write", full)
            raise Conflict("It is taken.", hint="Take another.")

    async def succeed() -> None:
        async with audit.operation("ann", "make", {}):
            monkeypatch.setattr(database, "write", full)

    with pytest.raises(Conflict):
        await fail()
    monkeypatch.undo()
    with pytest.raises(Unavailable):
        await succeed()
