"""Plans as they are carried out: who has one, and each change of it with its journal and events."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import insert, select, update

from gitops_auditor.audit import Audit, Result
from gitops_auditor.errors import Conflict, JsonValue, NotFound
from gitops_auditor.events import EventLog
from gitops_auditor.identity import SYSTEM
from gitops_auditor.orchestrator.fields import LedgerEntryKind
from gitops_auditor.orchestrator.records import Phase, Plan, Step
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.plan_tables import plan_ledger, plan_phases, plan_steps, plans

CHANNEL: Final = "plans"


class Fenced(Conflict):
    """Another process carries the plan out now: this one may not write to it any more."""


class Waiting(NamedTuple):
    """A plan that is to go on, if `owner` is nobody or dead."""

    plan_id: str
    owner: str | None


class Claim(NamedTuple):
    """The right to write to a plan, until somebody else has a larger `fence`."""

    plan_id: str
    owner: str
    fence: int


class Line(NamedTuple):
    """A line for the plan's ledger; position 0 stands for the plan itself."""

    position: int
    entry: LedgerEntryKind
    data: Mapping[str, JsonValue]


class Ending(NamedTuple):
    """How the current audit operation ended: what it changed, or why it did not."""

    before: Mapping[str, JsonValue] | None = None
    after: Mapping[str, JsonValue] | None = None
    error: Mapping[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A plan before and after, and what else is written with it, all in one transaction."""

    before: Plan
    after: Plan
    lines: Sequence[Line] = ()
    ending: Ending | None = None


class PlanJournal:
    """Reads and writes plans for who carries them out, and for who tells them what to do.

    A write of a claim raises Fenced when another process has claimed the plan since. All raise
    Unavailable when the database cannot be used.
    """

    def __init__(self, database: Database, events: EventLog, audit: Audit) -> None:
        self._database = database
        self._events = events
        self._audit = audit

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

    async def waiting(self, open_plans: Collection[str], limit: int) -> list[Waiting]:
        """The oldest plans that have a goal, but for those in `open_plans`."""
        query = select(plans.c.id, plans.c.owner).where(plans.c.goal.is_not(None))
        if open_plans:
            query = query.where(plans.c.id.not_in([*open_plans]))
        async with self._database.read() as connection:
            found = await connection.execute(query.order_by(plans.c.id).limit(limit))
            return [Waiting(row.id, row.owner) for row in found]

    async def owner(self, plan_id: str) -> Waiting | None:
        """Who carries the plan out; None when it has nothing to do."""
        query = select(plans.c.owner).where(plans.c.id == plan_id, plans.c.goal.is_not(None))
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        return None if row is None else Waiting(plan_id, row.owner)

    async def claim(self, plan_id: str, me: str, seen: str | None) -> Claim | None:
        """Take a plan that belonged to `seen`; None when somebody was faster.

        Taking it from another process is an operation of the system in the audit log.
        """
        if seen in (None, me):
            async with self._database.write() as transaction:
                return await _claimed(transaction, plan_id, me, seen)
        facts = {"plan_id": plan_id, "from": seen}
        async with (
            self._audit.operation(SYSTEM.name, "take_over_plan", facts),
            self._database.write() as transaction,
        ):
            claim = await _claimed(transaction, plan_id, me, seen)
            if claim is not None:
                await self._audit.effect(transaction, {"owner": seen}, {"owner": me})
            return claim

    async def get(self, plan_id: str) -> Plan:
        """The plan as it stands. Raises NotFound."""
        async with self._database.read() as connection:
            return await _plan(connection, plan_id)

    async def is_cancelled(self, claim: Claim) -> bool:
        """Whether somebody asked for its end."""
        query = select(plans.c.cancel_requested).where(*_mine(claim))
        async with self._database.read() as connection:
            found = await connection.scalar(query)
        if found is None:
            raise _fenced(claim.plan_id)
        return bool(found)

    async def save(self, claim: Claim, change: Change) -> None:
        """Keep a change, with the lines of the ledger and the events that tell of it."""
        values = _plan_values(change.before, change.after, datetime.now(UTC))
        if change.after.goal is None:
            values["owner"] = None
        async with self._database.write() as transaction:
            written = await transaction.execute(update(plans).where(*_mine(claim)).values(values))
            if written.rowcount == 0:
                raise _fenced(claim.plan_id)
            await self._write(transaction, change)

    async def release(self, claim: Claim) -> None:
        """Let another process go on with the plan."""
        async with self._database.write() as transaction:
            await transaction.execute(update(plans).where(*_mine(claim)).values(owner=None))

    async def decide(self, plan_id: str, decided: Callable[[Plan], Plan]) -> Plan:
        """Change a plan that nobody else changes meanwhile, as an effect of the current operation.

        `decided` is given the plan as it stands in the transaction, and raises to leave it so.
        Raises NotFound.
        """
        async with self._database.write() as transaction:
            await transaction.execute(
                select(plans.c.id).where(plans.c.id == plan_id).with_for_update()
            )
            before = await _plan(transaction, plan_id)
            after = decided(before)
            if after == before:
                return before
            after = after.model_copy(update={"updated_at": datetime.now(UTC)})
            values = _plan_values(before, after, after.updated_at)
            values["cancel_requested"] = after.cancel_requested
            await transaction.execute(update(plans).where(plans.c.id == plan_id).values(values))
            await self._audit.effect(transaction, _facts(before), _facts(after))
            await self._write(transaction, Change(before, after))
            return after

    async def tell(self, plan_id: str, name: str, data: Mapping[str, JsonValue]) -> None:
        """Append an event that goes with no change."""
        async with self._database.write(durable=False) as transaction:
            await self._events.append(transaction, CHANNEL, name, {"plan_id": plan_id, **data})

    async def _write(self, transaction: AsyncConnection, change: Change) -> None:
        before, after = change.before, change.after
        for phase in _changed(before.phases, after.phases):
            await transaction.execute(_update_phase(after.id, phase))
        for step in _changed(before.steps, after.steps):
            await transaction.execute(_update_step(after.id, step))
        for line in change.lines:
            row = {**line._asdict(), "plan_id": after.id, "created_at": datetime.now(UTC)}
            await transaction.execute(insert(plan_ledger).values(row))
        if change.ending is not None:
            result: Result = "success" if change.ending.error is None else "failure"
            await self._audit.outcome(transaction, result, **change.ending._asdict())
        for name, data in _told(before, after):
            await self._events.append(transaction, CHANNEL, name, data)


async def _claimed(
    transaction: AsyncConnection, plan_id: str, me: str, seen: str | None
) -> Claim | None:
    taken = (
        update(plans)
        .where(plans.c.id == plan_id, plans.c.goal.is_not(None))
        .where(plans.c.owner.is_(None) if seen is None else plans.c.owner == seen)
        .values(owner=me, fence=plans.c.fence + 1)
        .returning(plans.c.fence)
    )
    fence = await transaction.scalar(taken)
    return None if fence is None else Claim(plan_id, me, fence)


async def _plan(connection: AsyncConnection, plan_id: str) -> Plan:
    found = await store.get(connection, plan_id)
    if found is None:
        raise NotFound(
            f"There is no plan {plan_id}.", hint="List the plans to see which there are."
        )
    return found


def _mine(claim: Claim) -> tuple[Any, ...]:
    return (
        plans.c.id == claim.plan_id,
        plans.c.owner == claim.owner,
        plans.c.fence == claim.fence,
    )


def _fenced(plan_id: str) -> Fenced:
    return Fenced(
        f"The plan {plan_id} is carried out by another process, or was removed.",
        hint="Read the plan again.",
    )


def _plan_values(before: Plan, after: Plan, now: datetime) -> dict[str, Any]:
    """Somebody may ask for its end at any moment: only the end of the goal takes that back."""
    values: dict[str, Any] = {
        "status": after.status,
        "reason": after.reason,
        "goal": after.goal.model_dump(mode="json") if after.goal else None,
        "completed_at": after.completed_at,
        "updated_at": now,
    }
    if before.goal is not None and after.goal is None:
        values["cancel_requested"] = False
    return values


def _changed(before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    return [new for old, new in zip(before, after, strict=True) if new is not old and new != old]


def _update_phase(plan_id: str, phase: Phase) -> Any:
    row = phase.model_dump(include={"status", "reason", "started_at", "completed_at"})
    row["evidence"] = [one.model_dump(mode="json") for one in phase.evidence]
    mine = (plan_phases.c.plan_id == plan_id, plan_phases.c.number == phase.number)
    return update(plan_phases).where(*mine).values(row)


_OF_STEP = {
    "status",
    "attempt",
    "failure_kind",
    "reason",
    "pre_image",
    "result",
    "started_at",
    "completed_at",
}


def _update_step(plan_id: str, step: Step) -> Any:
    mine = (plan_steps.c.plan_id == plan_id, plan_steps.c.position == step.position)
    return update(plan_steps).where(*mine).values(step.model_dump(include=_OF_STEP))


def _facts(plan: Plan) -> dict[str, JsonValue]:
    goal = plan.goal.model_dump(mode="json", exclude_defaults=True) if plan.goal else None
    return {
        "plan_id": plan.id,
        "hash": plan.hash,
        "status": plan.status,
        "goal": goal,
        "cancel_requested": plan.cancel_requested,
    }


def _told(before: Plan, after: Plan) -> list[tuple[str, dict[str, JsonValue]]]:
    """The events that a change is worth, the plan's own last."""
    found: list[tuple[str, dict[str, JsonValue]]] = []
    for step in _changed(before.steps, after.steps):
        data: dict[str, JsonValue] = {"phase": step.phase, "repository_id": step.repository_id}
        data |= {"position": step.position, "kind": step.kind}
        found.append((f"plan.step.{step.status}", {**data, "status": step.status}))
    found.extend(
        (f"plan.phase.{phase.status}", {"phase": phase.number, "status": phase.status})
        for phase in _changed(before.phases, after.phases)
    )
    if after.cancel_requested and not before.cancel_requested:
        found.append(("plan.cancelling", {"status": after.status}))
    if after.status != before.status:
        found.append((f"plan.{after.status}", {"status": after.status}))
    return [(name, {"plan_id": after.id, **data}) for name, data in found]
