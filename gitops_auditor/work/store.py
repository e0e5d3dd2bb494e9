"""The table of work. Every change of state writes its event in the same transaction."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from gitops_auditor.events import EventLog
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import work
from gitops_auditor.work.models import WorkRecord, WorkStatus
from gitops_auditor.work.outcome import Outcome

CHANNEL = "operations"

_UNFINISHED = work.c.status.in_(["pending", "running"])


class WorkStore:
    """Rows of work in and out. A finished row is never changed again."""

    def __init__(self, database: Database, events: EventLog) -> None:
        self._database = database
        self._events = events

    async def insert(self, record: WorkRecord) -> None:
        """Write a new record."""
        async with self._database.write() as transaction:
            await transaction.execute(insert(work).values(record.model_dump()))
            await self._tell(transaction, record, record.status)

    async def get(self, work_id: str) -> WorkRecord | None:
        """The record, or None when there is none with this id."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(work).where(work.c.id == work_id))).one_or_none()
        return None if row is None else _record(row)

    async def list(
        self, statuses: Iterable[WorkStatus] | None, limit: int, before: str | None
    ) -> list[WorkRecord]:
        """The newest records first; `before` is the last id of the previous page."""
        query = select(work).order_by(work.c.id.desc()).limit(limit)
        if statuses is not None:
            query = query.where(work.c.status.in_(list(statuses)))
        if before is not None:
            query = query.where(work.c.id < before)
        async with self._database.read() as connection:
            return [_record(row) for row in (await connection.execute(query)).all()]

    async def cancel_requested(self, work_id: str) -> bool:
        """Whether somebody asked for its end."""
        query = select(work.c.cancel_requested).where(work.c.id == work_id)
        async with self._database.read() as connection:
            return bool(await connection.scalar(query))

    async def owners(self) -> set[str]:
        """The processes that own unfinished work."""
        query = select(work.c.owner).where(_UNFINISHED).distinct()
        async with self._database.read() as connection:
            return set((await connection.scalars(query)).all())

    async def begin(self, work_id: str) -> None:
        """Pending becomes running."""
        values = {"status": "running", "started_at": datetime.now(UTC)}
        await self._change(work_id, values, "running")

    async def progress(self, work_id: str, done: float, total: float | None, message: str) -> None:
        """Write how far it is."""
        values = {"done": done, "total": total, "message": message}
        await self._change(work_id, values, "progress")

    async def request_cancel(self, work_id: str) -> None:
        """Ask for its end, whichever process runs it. Finished work stays as it is."""
        await self._change(work_id, {"cancel_requested": True}, "cancel_requested")

    async def finish(self, work_id: str, outcome: Outcome) -> bool:
        """Write the final state. False when it was final already, for instance given up as lost."""
        return await self._change(work_id, _final(outcome), outcome.status)

    async def finish_owned(self, owner: str, outcome: Outcome) -> None:
        """Write the same final state for everything unfinished that `owner` runs."""
        statement = update(work).where(_UNFINISHED, work.c.owner == owner)
        async with self._database.write() as transaction:
            changed = await transaction.execute(
                statement.values(_final(outcome)).returning(*work.c)
            )
            for row in changed.all():
                await self._tell(transaction, _record(row), outcome.status)

    async def delete_finished(self, before: datetime) -> int:
        """Forget what finished before a moment; returns how many records that were."""
        ended = delete(work).where(work.c.completed_at < before)
        async with self._database.write() as transaction:
            return int((await transaction.execute(ended)).rowcount)

    async def _change(self, work_id: str, values: dict[str, Any], name: str) -> bool:
        statement = update(work).where(work.c.id == work_id, _UNFINISHED).values(values)
        async with self._database.write() as transaction:
            changed = await transaction.execute(statement.returning(*work.c))
            row = changed.one_or_none()
            if row is not None:
                await self._tell(transaction, _record(row), name)
        return row is not None

    async def _tell(self, transaction: AsyncConnection, record: WorkRecord, name: str) -> None:
        data = record.model_dump(
            mode="json", include={"id", "operation", "status", "done", "total", "message"}
        )
        await self._events.append(transaction, CHANNEL, f"work.{name}", data)


def _final(outcome: Outcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "result": outcome.result,
        "error": None if outcome.error is None else outcome.error.model_dump(mode="json"),
        "failure_kind": outcome.failure_kind,
        "completed_at": datetime.now(UTC),
    }


def _record(row: Row[Any]) -> WorkRecord:
    return WorkRecord.model_validate(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name
