"""Writes the audit log, checks it and hands it out."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import anyio
import anyio.to_thread

from gitops_auditor.audit.anchor import Anchor, AnchorReading
from gitops_auditor.audit.chain import ChainCheck, Row
from gitops_auditor.audit.log_table import LogTable
from gitops_auditor.audit.masking import masked, masked_text
from gitops_auditor.audit.merging import merge, process_of
from gitops_auditor.audit.records import AuditEntry, AuditRecord, AuditVerdict, Result, RowKind
from gitops_auditor.errors import Cancelled, GitOpsError, JsonValue, Unavailable
from gitops_auditor.identity import new_id
from gitops_auditor.log import get_logger
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.engine import AsyncConnection

BATCH = 500

_log = get_logger("audit")
_current: ContextVar[AuditEntry | None] = ContextVar("audit entry", default=None)


class Process(Protocol):
    """This process among those that share a database."""

    @property
    def id(self) -> str:
        """A name that no other process has."""

    async def alive(self, process_id: str) -> bool:
        """Whether the process with this id still runs."""


class Audit:
    """The audit log of one database, anchored at a file outside it.

    Each operation leaves an intent before its first effect, an effect in each transaction that
    changes something, and one outcome. On PostgreSQL writers wait for each other from `effect` or
    `outcome` to the end of their transaction: call them late, and before an event is appended.
    """

    def __init__(self, database: Database, anchor_path: Path, process: Process) -> None:
        self._database = database
        self._anchor = Anchor(anchor_path)
        self._process = process
        self._table = LogTable(database.dialect)

    @asynccontextmanager
    async def operation(
        self, actor: str, operation: str, parameters: Mapping[str, object]
    ) -> AsyncIterator[AuditEntry]:
        """Record an operation: the intent now, and at the end an outcome unless there is one.

        An exception that leaves the block is recorded as failure with its code and passed on.
        """
        entry = await self.intend(actor, operation, parameters)
        token = _current.set(entry)
        try:
            yield entry
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                await self._conclude(entry, "failure", _described(error))
            raise
        finally:
            _current.reset(token)
        if not entry.finished:
            await self._conclude(entry, "success", None)

    async def intend(
        self, actor: str, operation: str, parameters: Mapping[str, object]
    ) -> AuditEntry:
        """Write the intent in a transaction of its own, with secrets masked.

        Raises Unavailable when it cannot be written; then nothing may be done.
        """
        entry = AuditEntry(new_id(), masked_text(actor), operation)
        facts: dict[str, JsonValue] = {
            "parameters": masked(parameters),
            "process": self._process.id,
        }
        async with self._database.write() as transaction:
            await self._append(transaction, entry, "intent", facts)
        return entry

    async def effect(
        self,
        transaction: AsyncConnection,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        """Record a change of the current operation in the transaction that makes it.

        Raises RuntimeError outside `operation`.
        """
        await self._append(transaction, _entry(), "effect", _change(before, after))

    async def outcome(
        self,
        transaction: AsyncConnection,
        result: Result,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        error: Mapping[str, object] | None = None,
    ) -> None:
        """Record the end of the current operation in the transaction that makes its last change.

        Raises RuntimeError outside `operation`.
        """
        await self._finish(transaction, _entry(), result, _change(before, after), error)

    async def settle(self) -> int:
        """Give the outcome `interrupted` to operations of dead processes; returns how many."""
        async with self._database.read() as connection:
            unfinished = await self._table.unfinished(connection)
        alive: dict[str, bool] = {self._process.id: True}
        settled = 0
        for intent in unfinished:
            process = process_of(intent)
            if process not in alive:
                alive[process] = await self._process.alive(process)
            if not alive[process]:
                entry = AuditEntry(intent.entry_id, intent.actor, intent.operation)
                settled += await self._interrupt(entry)
        return settled

    async def verify(self) -> AuditVerdict:
        """Walk the whole chain and compare it with what was anchored outside the database.

        Finds rows that were edited, removed, inserted or moved, and an end that was cut off.
        """
        # Read first: what is anchored by now is committed before the walk begins.
        anchored = await self._read_anchor()
        check = ChainCheck(anchored.hashes)
        async for batch in self._batches():
            check.walk(batch)
        check.finish()
        if anchored.forged:
            check.report(0, f"{anchored.forged} lines of the anchor file are not genuine")
        if check.rows and not anchored.last:
            check.report(0, "there is no anchor, so that a cut-off end cannot be noticed")
        return AuditVerdict(
            ok=not check.problems,
            rows=check.rows,
            anchored_through=anchored.last,
            problems=check.problems,
        )

    async def export(self, after: int = 0) -> AsyncIterator[AuditRecord]:
        """Every operation that began after row `after`, merged from its rows, oldest first."""
        while batch := await self.page(after, BATCH):
            for record in batch:
                yield record
            after = batch[-1].first_row

    async def page(self, after: int, limit: int) -> list[AuditRecord]:
        """At most `limit` operations that began after row `after`, oldest first."""
        async with self._database.read() as connection:
            intents = await self._table.intents(connection, after, limit)
            rows = await self._table.of_entries(connection, [row.entry_id for row in intents])
        return merge(intents, rows)

    async def _append(
        self,
        transaction: AsyncConnection,
        entry: AuditEntry,
        kind: RowKind,
        facts: dict[str, JsonValue],
    ) -> None:
        row = await self._table.append(transaction, entry, kind, facts, datetime.now(UTC))

        async def anchor() -> None:
            entry.finished = entry.finished or kind == "outcome"
            await self._anchor_row(row)

        self._database.after_commit(transaction, anchor)

    async def _anchor_row(self, row: Row) -> None:
        try:
            await anyio.to_thread.run_sync(self._anchor.append, row.seq, row.hash)
        except OSError as error:
            # The change is committed and stays so; the next row's anchor covers this one too.
            _log.error("a row could not be anchored", row=row.seq, reason=str(error))

    async def _finish(
        self,
        transaction: AsyncConnection,
        entry: AuditEntry,
        result: Result,
        change: dict[str, JsonValue],
        error: Mapping[str, object] | None,
    ) -> None:
        facts: dict[str, JsonValue] = {"result": result, **change}
        if error is not None:
            facts["error"] = masked(error)
        await self._append(transaction, entry, "outcome", facts)

    async def _conclude(
        self, entry: AuditEntry, result: Result, error: Mapping[str, object] | None
    ) -> None:
        try:
            async with self._database.write() as transaction:
                await self._finish(transaction, entry, result, {}, error)
        except Unavailable as reason:
            if result == "success":
                raise
            # The failure that is being reported must not be hidden by this one.
            _log.error("an outcome could not be written", entry=entry.id, reason=reason.message)

    async def _interrupt(self, entry: AuditEntry) -> int:
        async with self._database.write() as transaction:
            # Another process may be settling too.
            await self._table.lock(transaction)
            if await self._table.is_finished(transaction, entry.id):
                return 0
            error = {"code": "interrupted", "message": "The process that ran it ended before it."}
            await self._finish(transaction, entry, "interrupted", {}, error)
        return 1

    async def _batches(self) -> AsyncIterator[list[Row]]:
        after = 0
        while True:
            async with self._database.read() as connection:
                batch = await self._table.rows(connection, after, BATCH)
            if not batch:
                return
            yield batch
            after = batch[-1].seq

    async def _read_anchor(self) -> AnchorReading:
        try:
            return await anyio.to_thread.run_sync(self._anchor.read)
        except OSError as error:
            raise Unavailable(
                f"The audit anchor cannot be read: {error}.",
                hint="Check the owner and mode of the data folder.",
            ) from error


def _entry() -> AuditEntry:
    entry = _current.get()
    if entry is None:
        raise RuntimeError("A change was made outside `Audit.operation`.")
    return entry


def _change(
    before: Mapping[str, object] | None, after: Mapping[str, object] | None
) -> dict[str, JsonValue]:
    given = {"before": before, "after": after}
    return {name: masked(value) for name, value in given.items() if value is not None}


def _described(error: BaseException) -> dict[str, object]:
    if isinstance(error, GitOpsError):
        return {"code": error.code, "message": error.message}
    if isinstance(error, Exception):
        # The text of an unexpected exception may hold anything.
        return {"code": "internal", "message": type(error).__name__}
    return {"code": Cancelled.code, "message": "It was cancelled."}
