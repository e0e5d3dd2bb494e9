"""The table of the audit log: appended to by one writer at a time, read in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, exists, func, insert, select

from gitops_auditor.audit.chain import GENESIS, Row, link
from gitops_auditor.audit.records import AuditEntry, RowKind
from gitops_auditor.errors import JsonValue
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import audit_log

_CHAIN_LOCK = 0x6175646974  # "audit"

_COLUMNS = (
    audit_log.c.seq,
    audit_log.c.entry_id,
    audit_log.c.kind,
    audit_log.c.at,
    audit_log.c.actor,
    audit_log.c.operation,
    audit_log.c.body,
    audit_log.c.previous_hash,
    audit_log.c.hash,
)


class LogTable:
    """Statements on `audit_log`; every method runs on the connection it is given."""

    def __init__(self, dialect: Literal["sqlite", "postgresql"]) -> None:
        self._dialect = dialect

    async def lock(self, transaction: AsyncConnection) -> None:
        """Keep other writers of the log out until `transaction` ends; SQLite has one anyhow."""
        if self._dialect == "postgresql":
            await transaction.execute(select(func.pg_advisory_xact_lock(_CHAIN_LOCK)))

    async def append(
        self,
        transaction: AsyncConnection,
        entry: AuditEntry,
        kind: RowKind,
        facts: dict[str, JsonValue],
        at: datetime,
    ) -> Row:
        """Add the next row of the chain. Rows are numbered from 1 without gaps."""
        # Two writers must not follow the same row.
        await self.lock(transaction)
        seq, previous = await self._head(transaction)
        row = link(
            seq + 1,
            previous,
            facts,
            entry_id=entry.id,
            kind=kind,
            at=at,
            actor=entry.actor,
            operation=entry.operation,
        )
        await transaction.execute(insert(audit_log).values(row._asdict()))
        return row

    async def rows(self, connection: AsyncConnection, after: int, limit: int) -> list[Row]:
        """Rows numbered above `after`, in order."""
        return await _rows(
            connection, _all().where(audit_log.c.seq > after).order_by(audit_log.c.seq).limit(limit)
        )

    async def intents(self, connection: AsyncConnection, after: int, limit: int) -> list[Row]:
        """First rows of operations, numbered above `after`, in order."""
        query = _all().where(audit_log.c.seq > after, audit_log.c.kind == "intent")
        return await _rows(connection, query.order_by(audit_log.c.seq).limit(limit))

    async def of_entries(self, connection: AsyncConnection, entries: Sequence[str]) -> list[Row]:
        """Every row of these operations, in order."""
        query = _all().where(audit_log.c.entry_id.in_(entries))
        return await _rows(connection, query.order_by(audit_log.c.seq))

    async def unfinished(self, connection: AsyncConnection) -> list[Row]:
        """The intents of operations without outcome."""
        query = _all().where(audit_log.c.kind == "intent", ~_has_outcome(audit_log.c.entry_id))
        return await _rows(connection, query.order_by(audit_log.c.seq))

    async def is_finished(self, connection: AsyncConnection, entry_id: str) -> bool:
        """Whether an operation has an outcome."""
        return bool(await connection.scalar(select(_has_outcome(entry_id))))

    async def _head(self, connection: AsyncConnection) -> tuple[int, str]:
        query = select(audit_log.c.seq, audit_log.c.hash).order_by(audit_log.c.seq.desc()).limit(1)
        head = (await connection.execute(query)).first()
        return (head.seq, head.hash) if head is not None else (0, GENESIS)


def _all() -> Select[Any]:
    return select(*_COLUMNS)


def _has_outcome(entry_id: Any) -> Any:
    other = audit_log.alias()
    return exists().where(other.c.entry_id == entry_id, other.c.kind == "outcome")


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[Row]:
    return [Row(*found) for found in await connection.execute(query)]
