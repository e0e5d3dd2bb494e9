"""What is done to the stored log behind the program's back is found by `verify`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gitops_auditor.audit import Audit
from gitops_auditor.audit.chain import row_hash
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.tables import audit_log

Tampering = Callable[[AsyncConnection], Awaitable[None]]
ROWS = 10


@pytest.fixture
async def filled(audit: Audit) -> Audit:
    for number in range(ROWS // 2):
        async with audit.operation("ann", f"operation-{number}", {"number": number}):
            pass
    return audit


async def _edit_actor(transaction: AsyncConnection) -> None:
    await transaction.execute(update(audit_log).where(audit_log.c.seq == 3).values(actor="eve"))


async def _edit_body(transaction: AsyncConnection) -> None:
    body = await transaction.scalar(select(audit_log.c.body).where(audit_log.c.seq == 3))
    changed = str(body).replace("ann", "eve")
    await transaction.execute(update(audit_log).where(audit_log.c.seq == 3).values(body=changed))


async def _edit_body_and_hash(transaction: AsyncConnection) -> None:
    await _edit_body(transaction)
    row = (await transaction.execute(select(audit_log).where(audit_log.c.seq == 3))).one()
    fitting = row_hash(row.previous_hash, row.body)
    await transaction.execute(update(audit_log).where(audit_log.c.seq == 3).values(hash=fitting))


async def _recompute_everything_after_an_edit(transaction: AsyncConnection) -> None:
    await _edit_actor(transaction)
    await _edit_body(transaction)
    previous = ""
    for row in (await transaction.execute(select(audit_log).order_by(audit_log.c.seq))).all():
        if row.seq >= 3:
            previous_hash = previous
            digest = row_hash(previous_hash, row.body)
            await transaction.execute(
                update(audit_log)
                .where(audit_log.c.seq == row.seq)
                .values(previous_hash=previous_hash, hash=digest)
            )
            previous = digest
        else:
            previous = row.hash


async def _delete_one(transaction: AsyncConnection) -> None:
    await transaction.execute(delete(audit_log).where(audit_log.c.seq == 3))


async def _delete_first(transaction: AsyncConnection) -> None:
    await transaction.execute(delete(audit_log).where(audit_log.c.seq == 1))


async def _cut_off_one(transaction: AsyncConnection) -> None:
    await transaction.execute(delete(audit_log).where(audit_log.c.seq == ROWS))


async def _cut_off_all(transaction: AsyncConnection) -> None:
    await transaction.execute(delete(audit_log))


async def _exchange(transaction: AsyncConnection) -> None:
    for seq, other in ((3, -1), (4, 3), (-1, 4)):
        await transaction.execute(update(audit_log).where(audit_log.c.seq == seq).values(seq=other))


async def _duplicate(transaction: AsyncConnection) -> None:
    row = (await transaction.execute(select(audit_log).where(audit_log.c.seq == ROWS))).one()
    await transaction.execute(insert(audit_log).values({**row._asdict(), "seq": ROWS + 1}))


@pytest.mark.parametrize(
    "tampering",
    [
        _edit_actor,
        _edit_body,
        _edit_body_and_hash,
        _recompute_everything_after_an_edit,
        _delete_one,
        _delete_first,
        _cut_off_one,
        _cut_off_all,
        _exchange,
        _duplicate,
    ],
)
async def test_a_change_of_the_table_is_found(
    filled: Audit, database: Database, tampering: Tampering
) -> None:
    before = await filled.verify()
    assert (before.ok, before.rows, before.anchored_through) == (True, ROWS, ROWS)
    async with database.write() as transaction:
        await tampering(transaction)
    after = await filled.verify()
    assert not after.ok
    assert after.problems


async def test_an_end_that_was_cut_off_stays_found_when_the_log_goes_on(
    filled: Audit, database: Database
) -> None:
    async with database.write() as transaction:
        await transaction.execute(delete(audit_log).where(audit_log.c.seq > ROWS - 3))
    for _ in range(ROWS):
        async with filled.operation("ann", "later", {}):
            pass
    assert not (await filled.verify()).ok


def _add_line(path: Path, line: str) -> None:
    path.write_text(path.read_text("ascii") + line, "ascii")


def _delete(path: Path) -> None:
    path.unlink()


async def test_a_line_added_to_the_anchor_without_its_key_is_found(
    filled: Audit, anchor_path: Path
) -> None:
    _add_line(anchor_path, f"{ROWS + 1} {'0' * 64} {'0' * 64}\n")
    verdict = await filled.verify()
    assert "not genuine" in verdict.problems[0].message


async def test_a_missing_anchor_is_found(filled: Audit, anchor_path: Path) -> None:
    _delete(anchor_path)
    verdict = await filled.verify()
    assert "no anchor" in verdict.problems[0].message


async def test_the_table_alone_is_readable_by_other_programs(
    filled: Audit, database: Database
) -> None:
    async with database.read() as connection:
        found = await connection.execute(
            text("SELECT operation FROM audit_log WHERE kind = 'outcome' ORDER BY seq")
        )
    assert [row.operation for row in found] == [f"operation-{n}" for n in range(ROWS // 2)]
