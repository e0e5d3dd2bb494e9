"""Rows of logs: consecutive pieces, each known by the offset of its first byte."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, select

from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.pipeline_tables import log_chunks

CHUNK_BYTES: Final = 65536
"""Bytes of one row at most; reading counts on it."""


class LogName(NamedTuple):
    """Which log: that of one attempt of a job of a run."""

    run_id: str
    job: str
    attempt: int


def _of(log: LogName) -> tuple[ColumnElement[bool], ...]:
    table = log_chunks.c
    return (table.run_id == log.run_id, table.job == log.job, table.attempt == log.attempt)


async def append(
    transaction: AsyncConnection, log: LogName, start: int, pieces: Sequence[bytes]
) -> None:
    """Add pieces, none longer than CHUNK_BYTES, that follow one another from `start` on."""
    rows = []
    for data in pieces:
        rows.append({**log._asdict(), "start": start, "data": data})
        start += len(data)
    await transaction.execute(insert(log_chunks), rows)


async def size(connection: AsyncConnection, log: LogName) -> int:
    """Bytes of a log; zero when there is none."""
    end = log_chunks.c.start + func.length(log_chunks.c.data)
    newest = select(end).where(*_of(log)).order_by(log_chunks.c.start.desc()).limit(1)
    return (await connection.execute(newest)).scalar() or 0


async def content(connection: AsyncConnection, log: LogName, start: int, length: int) -> bytes:
    """The bytes of a log from `start` on, at most `length`."""
    table = log_chunks.c
    wanted = (
        select(table.start, table.data)
        .where(*_of(log), table.start > start - CHUNK_BYTES, table.start < start + length)
        .order_by(table.start)
    )
    rows = [(row.start, bytes(row.data)) for row in await connection.execute(wanted)]
    if not rows:
        return b""
    before = start - rows[0][0]
    return b"".join(data for _, data in rows)[before:][:length]


async def delete_run(transaction: AsyncConnection, run_id: str) -> None:
    """Forget the logs of a run."""
    await transaction.execute(delete(log_chunks).where(log_chunks.c.run_id == run_id))
