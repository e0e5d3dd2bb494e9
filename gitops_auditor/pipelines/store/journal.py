"""The journal of runs: who carries one out, and all that happened in it, a transaction a step."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from gitops_auditor.audit import Audit
from gitops_auditor.events import EventLog
from gitops_auditor.identity import SYSTEM
from gitops_auditor.pipelines.engine.memory import to_json
from gitops_auditor.pipelines.engine.record import (
    Change,
    Claim,
    Fenced,
    LoadedRun,
    News,
    RunIdentity,
)
from gitops_auditor.pipelines.states import FINAL
from gitops_auditor.pipelines.store import journal_rows as rows
from gitops_auditor.pipelines.store import journal_statements as sql
from gitops_auditor.pipelines.store.run_events import Told, append_all, events_step
from gitops_auditor.storage.batches import NothingMatched, Step, execute_step
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.engine import AsyncConnection


class Waiting(NamedTuple):
    """A run that may be carried out, if `owner` is nobody or dead."""

    run_id: str
    owner: str | None


class Journal:
    """Reads and writes runs for who carries them out.

    A write checks the fence, and raises Fenced when another process has claimed the run. All of
    them raise Unavailable when the database cannot be used; then nothing was written, but for a
    commit whose answer was lost: `landed` tells.
    """

    def __init__(self, database: Database, events: EventLog, audit: Audit) -> None:
        self._database = database
        self._events = events
        self._audit = audit

    async def waiting(self, open_runs: Collection[str], limit: int) -> list[Waiting]:
        """The oldest runs that may be carried out, but for those in `open_runs`.

        A run whose concurrency group is busy may not.
        """
        wanted = {"b_open": list(open_runs), "b_limit": limit}
        async with self._database.read() as connection:
            found = await connection.execute(sql.WAITING, wanted)
            return [Waiting(row.id, row.owner) for row in found]

    async def any_active(self) -> bool:
        """Whether some run is not over that is not carried out by another system."""
        async with self._database.read() as connection:
            return await connection.scalar(sql.ANY_ACTIVE) is not None

    async def status(self, run_id: str) -> str | None:
        """The status of a run; None when there is no such run."""
        async with self._database.read() as connection:
            found = await connection.scalar(sql.STATUS, {"b_run": run_id})
        return None if found is None else str(found)

    async def over(self, run_ids: Sequence[str], kept_since: datetime) -> set[str]:
        """Those of the runs that are over, or not known; not those that failed after a moment."""
        async with self._database.read() as connection:
            found = await connection.execute(sql.STATUSES, {"b_runs": list(run_ids)})
            return set(run_ids).difference(row.id for row in found if _is_kept(row, kept_since))

    async def owner(self, run_id: str) -> Waiting | None:
        """Who carries the run out; None when it may not be carried out now."""
        async with self._database.read() as connection:
            row = (await connection.execute(sql.OWNERSHIP, {"b_run": run_id})).one_or_none()
        return None if row is None else Waiting(run_id, row.owner)

    async def claim(self, run_id: str, me: str, seen: str | None) -> Claim | None:
        """Take a run that belonged to `seen`; None when it may not be had, or somebody was faster.

        Taking it from another process is an operation of the system in the audit log.
        """
        if seen in (None, me):
            async with self._database.write() as transaction:
                return await self._claim(transaction, run_id, me, seen)
        facts = {"run_id": run_id, "from": seen}
        async with (
            self._audit.operation(SYSTEM.name, "take_over_run", facts),
            self._database.write() as transaction,
        ):
            claim = await self._claim(transaction, run_id, me, seen)
            if claim is not None:
                await self._audit.effect(transaction, {"owner": seen}, {"owner": me})
            return claim

    async def _claim(
        self, transaction: AsyncConnection, run_id: str, me: str, seen: str | None
    ) -> Claim | None:
        row = (await transaction.execute(sql.OWNERSHIP, {"b_run": run_id})).one_or_none()
        if row is None or row.owner != seen:
            return None
        if row.concurrency_group and self._database.dialect == "postgresql":
            # Two runs of a group may be claimed at the same instant.
            await transaction.execute(sql.GROUP_LOCK, {"b_group": row.concurrency_group})
        wanted = {"b_run": run_id, "b_fence": row.fence, "b_owner": me, "b_now": datetime.now(UTC)}
        if (await transaction.execute(sql.CLAIM, wanted)).rowcount == 0:
            return None
        claim = Claim(run_id, me, row.fence + 1)
        if row.status == "pending":
            run = (await transaction.execute(sql.RUN, {"b_run": run_id})).one()
            told = ("pipeline.started", rows.named(rows.identity(run)))
            await append_all(self._events, transaction, [told])
        return claim

    async def load(self, claim: Claim) -> LoadedRun:
        """The run as it stands. Raises InvalidDefinition and InvalidRequest when this version of
        the program does not understand its definition or inputs.
        """
        wanted = {"b_run": claim.run_id}
        async with self._database.read() as connection:
            run = (await connection.execute(sql.RUN, wanted)).one_or_none()
            jobs = (await connection.execute(sql.JOBS, wanted)).all()
            attempts = (await connection.execute(sql.RUNNING_ATTEMPTS, wanted)).all()
            decisions = (await connection.execute(sql.DECISIONS, wanted)).all()
        if run is None:
            raise _fenced(claim.run_id)
        return rows.loaded(claim, run, jobs, attempts, decisions)

    async def news(self, claim: Claim) -> News:
        """What others wrote. Raises Fenced when the run is not this process's any more."""
        async with self._database.read() as connection:
            row = (await connection.execute(sql.NEWS, _mine(claim))).one_or_none()
            if row is None:
                raise _fenced(claim.run_id)
            found = (await connection.execute(sql.DECISIONS, {"b_run": claim.run_id})).all()
        return News(bool(row.cancel_requested), rows.decisions(found))

    async def landed(self, claim: Claim, save: int) -> bool:
        """Whether the save of this number is in the journal."""
        async with self._database.read() as connection:
            row = (await connection.execute(sql.NEWS, _mine(claim))).one_or_none()
            if row is not None:
                return bool((row.state or {}).get("saves", 0) >= save)
            return await connection.scalar(sql.STATUS, {"b_run": claim.run_id}) in FINAL

    async def save(self, claim: Claim, identity: RunIdentity, host: str, change: Change) -> None:
        """Keep all of a change or nothing, with its events."""
        steps = [
            _run_step(claim, change),
            Step(sql.KEEP_JOBS, rows.jobs(claim, change)),
            Step(sql.START_ATTEMPTS, rows.started(claim, host, change)),
            Step(sql.END_ATTEMPTS, rows.ended(claim, change)),
        ]
        told = rows.told(identity, change)
        try:
            if self._database.dialect == "sqlite":
                batch = [*steps, events_step(told)]
                await self._database.write_batch(batch, durable=change.durable)
            else:
                await self._save(steps, told, durable=change.durable)
        except NothingMatched:
            raise _fenced(claim.run_id) from None

    async def _save(self, steps: Sequence[Step], told: Sequence[Told], *, durable: bool) -> None:
        async with self._database.write(durable=durable) as transaction:
            for step in steps:
                await execute_step(transaction, step)
            await append_all(self._events, transaction, told)

    async def fail(self, claim: Claim, reason: str) -> None:
        """End a run that cannot be carried out: errored, what has not run is skipped."""
        now = datetime.now(UTC)
        wanted = {"b_run": claim.run_id, "b_reason": reason, "b_now": now}
        async with self._database.write() as transaction:
            values = {**_mine(claim), "reason": reason, "completed_at": now}
            await _one(transaction, sql.FAIL_RUN, values, claim)
            await transaction.execute(sql.FAIL_ATTEMPTS, wanted)
            await transaction.execute(sql.FAIL_JOBS, wanted)
            await transaction.execute(sql.SKIP_JOBS, wanted)
            run = (await transaction.execute(sql.RUN, {"b_run": claim.run_id})).one()
            jobs = (await transaction.execute(sql.JOBS, {"b_run": claim.run_id})).all()
            told = rows.told_of_failure(rows.identity(run), jobs, reason)
            await append_all(self._events, transaction, told)

    @property
    def version(self) -> int:
        """Grows with every commit that was noticed: read it before the data, then `changed`."""
        return self._database.changes.version

    async def changed(self, seen: int, seconds: float) -> None:
        """Wait until something was committed after `seen`, by whichever process, or so long."""
        await self._database.changes.wait(seen, seconds)

    def nudge(self) -> None:
        """Let who waits for changes in this process look, though nothing was committed."""
        self._database.changes.notify()


def _is_kept(run: Any, since: datetime) -> bool:
    if run.status == "failed":
        return run.completed_at is not None and bool(run.completed_at > since)
    return run.status in ("pending", "running")


def _mine(claim: Claim) -> dict[str, Any]:
    return {"b_run": claim.run_id, "b_owner": claim.owner, "b_fence": claim.fence}


def _fenced(run_id: str) -> Fenced:
    return Fenced(
        f"The run {run_id} is carried out by another process, or was removed.",
        hint="Read the run again.",
    )


async def _one(
    transaction: AsyncConnection, statement: Any, values: dict[str, Any], claim: Claim
) -> None:
    if (await transaction.execute(statement, values)).rowcount == 0:
        raise _fenced(claim.run_id)


def _run_step(claim: Claim, change: Change) -> Step:
    values: dict[str, Any] = {
        **_mine(claim),
        "state": to_json(change.state, change.memory),
        "isolation": change.isolation,
    }
    if change.end is not None:
        values.update(rows.end(change.state, change.end))
        return Step(sql.END_RUN, [values], must_match=True)
    return Step(sql.RELEASE_RUN if change.released else sql.KEEP_RUN, [values], must_match=True)
