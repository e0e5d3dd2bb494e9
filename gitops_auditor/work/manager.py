"""Runs work, and answers for all of it, whichever process runs it."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import anyio
from pydantic import JsonValue
from sqlalchemy.exc import SQLAlchemyError

from gitops_auditor.errors import GitOpsError, NotFound, Unavailable
from gitops_auditor.events import EventLog
from gitops_auditor.identity import Principal, new_id
from gitops_auditor.log import get_logger
from gitops_auditor.storage.database import Database
from gitops_auditor.work.liveness import Process
from gitops_auditor.work.models import WorkRecord, WorkStatus
from gitops_auditor.work.outcome import Outcome, cancelled, errored, failed, lost, succeeded
from gitops_auditor.work.progress import WorkProgress
from gitops_auditor.work.store import WorkStore

Run = Callable[[WorkProgress], Awaitable[dict[str, JsonValue]]]

AT_ONCE = 8
STOP_SECONDS = 2.0
"""How long the end of the process waits for its work to notice that it is cancelled."""
LOOK_SECONDS = 2.0
"""How often a wait looks whether the process that runs the work is still there."""
RETRY_SECONDS = 1.0

_log = get_logger("work")


class WorkManager:
    """Long work of this process, and the records of everybody's. Start only inside `open()`."""

    def __init__(self, database: Database, events: EventLog, process: Process) -> None:
        self._database = database
        self._process = process
        self._store = WorkStore(database, events)
        self._turns = anyio.CapacityLimiter(AT_ONCE)
        self._running: dict[asyncio.Task[None], anyio.CancelScope] = {}
        self._reason = "It was cancelled."
        self._open = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator["WorkManager"]:
        """Give up the work of dead processes, and at the end of the block cancel our own.

        The end takes at most about STOP_SECONDS; work that does not stop by then is marked lost.
        """
        await self._settle()
        self._open = True
        try:
            yield self
        finally:
            self._open = False
            with anyio.CancelScope(shield=True):
                await self._stop()

    async def start(self, operation: str, principal: Principal, run: Run) -> WorkRecord:
        """Run `run(progress)` in the background and return its record at once.

        What it returns is kept as the result (JSON, at most MAX_RESULT_BYTES); a GitOpsError is
        kept as the failure it describes, any other exception as an internal fault.
        At most AT_ONCE run at a time, the others are pending. Raises Unavailable when the process
        is about to end.
        """
        if not self._open:
            raise Unavailable("The server is stopping.", hint="Try again when it has started anew.")
        record = WorkRecord(
            id=new_id(),
            operation=operation,
            principal=principal.name,
            status="pending",
            owner=self._process.id,
            created_at=datetime.now(UTC),
        )
        await self._store.insert(record)
        # Not a task group: a task that will not stop must not keep the process from ending.
        scope = anyio.CancelScope()
        task = asyncio.create_task(self._attend(record.id, run, scope), name=f"work {record.id}")
        self._running[task] = scope
        task.add_done_callback(self._running.pop)
        return record

    async def get(self, work_id: str) -> WorkRecord:
        """The record. Raises NotFound."""
        record = await self._store.get(work_id)
        if record is None:
            raise NotFound(
                f"There is no work with id {work_id}.", hint="List the work to see which ids exist."
            )
        if record.finished or await self._alive(record.owner):
            return record
        await self._store.finish_owned(record.owner, lost())
        return await self._store.get(work_id) or record

    async def list(
        self,
        statuses: Iterable[WorkStatus] | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[WorkRecord]:
        """Records, newest first. For the next page give the last id as `before`."""
        await self._settle()
        return await self._store.list(statuses, limit, before)

    async def wait(self, work_id: str, seconds: float) -> WorkRecord:
        """The record as soon as it is finished, or as it is after `seconds`. Raises NotFound."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self._database.changes.version
            record = await self.get(work_id)
            left = deadline - time.monotonic()
            if record.finished or left <= 0:
                return record
            await self._database.changes.wait(seen, min(left, LOOK_SECONDS))

    async def cancel(self, work_id: str) -> WorkRecord:
        """Ask for its end, whichever process runs it; finished work stays as it is.

        Raises NotFound. The record returned may still be running: wait for it.
        """
        await self.get(work_id)
        await self._store.request_cancel(work_id)
        return await self.get(work_id)

    async def prune(self, before: datetime) -> int:
        """Forget work that finished before a moment; returns how much that was."""
        return await self._store.delete_finished(before)

    async def _attend(self, work_id: str, run: Run, scope: anyio.CancelScope) -> None:
        progress = WorkProgress(work_id, self._store)
        outcome: Outcome | None = None
        try:
            with scope:
                outcome = await self._accompanied(work_id, run, progress, scope)
        except Exception as error:  # noqa: BLE001 - the top of a task: nobody above could answer
            outcome = _explained(error, work_id)
        await progress.flush()
        await self._finish(work_id, outcome or cancelled(self._reason))

    async def _accompanied(
        self, work_id: str, run: Run, progress: WorkProgress, scope: anyio.CancelScope
    ) -> Outcome:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_cancel, work_id, scope)
            tasks.start_soon(progress.write_forever)
            async with self._turns:
                await self._store.begin(work_id)
                outcome = succeeded(await run(progress))
            tasks.cancel_scope.cancel()
        return outcome

    async def _watch_cancel(self, work_id: str, scope: anyio.CancelScope) -> None:
        while True:
            seen = self._database.changes.version
            try:
                if await self._store.cancel_requested(work_id):
                    scope.cancel()
                await self._database.changes.wait(seen, LOOK_SECONDS)
            except Unavailable as error:
                _log.warning("cannot look for cancellation", work=work_id, reason=error.message)
                await anyio.sleep(RETRY_SECONDS)

    async def _finish(self, work_id: str, outcome: Outcome) -> None:
        while True:
            try:
                written = await self._store.finish(work_id, outcome)
            except Unavailable as error:
                # A full disk may be freed; if it is not, the end of this process tells the rest.
                _log.warning("an outcome is not written yet", work=work_id, reason=error.message)
                await anyio.sleep(RETRY_SECONDS)
            except SQLAlchemyError as error:
                # The database refuses the result itself, for instance a NUL in a text.
                outcome = _explained(error, work_id)
            else:
                break
        if not written:
            _log.warning("work had been given up before it ended", work=work_id)

    async def _alive(self, owner: str) -> bool:
        return owner == self._process.id or await self._process.alive(owner)

    async def _settle(self) -> None:
        for owner in await self._store.owners():
            if not await self._alive(owner):
                await self._store.finish_owned(owner, lost())

    async def _stop(self) -> None:
        self._reason = "The process that ran it was stopped."
        for scope in self._running.values():
            scope.cancel()
        if not self._running:
            return
        _, stubborn = await asyncio.wait(self._running, timeout=STOP_SECONDS)
        for task in stubborn:
            task.cancel()
        with suppress(Unavailable):
            await self._store.finish_owned(self._process.id, lost())


def _explained(error: Exception, work_id: str) -> Outcome:
    expected = _expected(error)
    if expected is not None:
        return failed(expected)
    request_id = secrets.token_hex(8)
    _log.error(
        "work failed by an internal fault", work=work_id, request_id=request_id, exc_info=error
    )
    return errored(request_id)


def _expected(error: Exception) -> GitOpsError | None:
    if not isinstance(error, ExceptionGroup):
        return error if isinstance(error, GitOpsError) else None
    found = [_expected(part) for part in error.exceptions]
    return None if None in found else found[0]
