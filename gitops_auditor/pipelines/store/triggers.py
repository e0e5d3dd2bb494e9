"""What started pipelines, or may: webhooks that came in, times that came, refs as last seen."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Table, and_, delete, func, insert, select, update

from gitops_auditor.errors import JsonValue
from gitops_auditor.storage.batches import Step
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.pipeline_tables import schedule_ticks, watched_refs, webhook_deliveries

Connection = AsyncConnection
"""A connection or transaction, for those that only pass it on."""

_DELIVERY = webhook_deliveries.c
_TICK = schedule_ticks.c
_REF = watched_refs.c
_ADD_NEW = insert(webhook_deliveries).prefix_with("OR IGNORE")


class Delivery(NamedTuple):
    """A webhook that waits. While a process deals with it, `owner` is that process."""

    source: str
    id: str
    event: str
    payload: JsonValue
    owner: str | None
    received_at: datetime


class Tick(NamedTuple):
    """A time at which a pipeline was due. `schedule` tells its schedules apart."""

    pipeline_id: str
    schedule: str
    due_at: datetime


class SeenRef(NamedTuple):
    """The commit that a ref was last seen at, empty once the ref was gone, and since when."""

    commit: str
    seen_at: datetime


class Received(NamedTuple):
    """A webhook that came. `digest` is that of its body."""

    source: str
    id: str
    event: str
    payload: JsonValue
    digest: str
    received_at: datetime

    @property
    def row(self) -> dict[str, Any]:
        """The webhook, to be dealt with."""
        return {
            "source": self.source,
            "delivery_id": self.id,
            "event": self.event,
            "payload": self.payload,
            "status": "received",
            "received_at": self.received_at,
        }

    @property
    def body_row(self) -> dict[str, Any]:
        """The digest of its body, by which it is known under another id."""
        return {
            "source": f"{self.source}-body",
            "delivery_id": self.digest,
            "event": self.event,
            "status": "noted",
            "received_at": self.received_at,
        }


def first_receipt(received: Received) -> list[Step]:
    """What keeps a webhook on SQLite when neither its id nor its body is known yet."""
    return [
        Step(_ADD_NEW, [received.row], must_match=True),
        Step(_ADD_NEW, [received.body_row], must_match=True),
    ]


async def add_delivery(transaction: AsyncConnection, received: Received) -> bool:
    """Keep a webhook to be dealt with; whether it is new."""
    return await _insert_new(transaction, webhook_deliveries, received.row)


async def note_body(transaction: AsyncConnection, received: Received) -> bool:
    """Remember the digest of a webhook's body; whether it is new."""
    return await _insert_new(transaction, webhook_deliveries, received.body_row)


async def waiting_deliveries(
    connection: AsyncConnection, without: Collection[str], limit: int
) -> list[Delivery]:
    """Webhooks that are not dealt with, oldest first, those somebody is at included."""
    query = (
        select(webhook_deliveries)
        .where(_DELIVERY.status.in_(("received", "processing")))
        .where(_DELIVERY.delivery_id.not_in(without))
        .order_by(_DELIVERY.received_at, _DELIVERY.delivery_id)
        .limit(limit)
    )
    return [_delivery(row) for row in await connection.execute(query)]


async def claim_delivery(transaction: AsyncConnection, known: Delivery, owner: str) -> bool:
    """Take a webhook from where it was known to be; whether nobody was faster."""
    claimed = (
        update(webhook_deliveries).where(_is(known)).values(status="processing", outcome=owner)
    )
    return (await transaction.execute(claimed)).rowcount == 1


async def release_delivery(transaction: AsyncConnection, claimed: Delivery) -> None:
    """Give a webhook back, to be dealt with later."""
    await transaction.execute(
        update(webhook_deliveries).where(_is(claimed)).values(status="received", outcome="")
    )


async def finish_delivery(
    transaction: AsyncConnection, claimed: Delivery, status: str, outcome: str
) -> bool:
    """Keep what came of a webhook and forget its payload; whether the claim still held."""
    finished = update(webhook_deliveries).where(_is(claimed))
    done = await transaction.execute(finished.values(status=status, outcome=outcome, payload=None))
    return done.rowcount == 1


async def last_tick(
    connection: AsyncConnection, pipeline_id: str, schedule: str
) -> datetime | None:
    """The last time that was claimed of a schedule."""
    query = select(func.max(_TICK.due_at)).where(
        _TICK.pipeline_id == pipeline_id, _TICK.cron == schedule
    )
    found: datetime | None = await connection.scalar(query)
    return found


async def claim_tick(transaction: AsyncConnection, tick: Tick) -> bool:
    """Take a time; whether nobody else did."""
    values = {"pipeline_id": tick.pipeline_id, "cron": tick.schedule, "due_at": tick.due_at}
    return await _insert_new(transaction, schedule_ticks, values)


async def settle_tick(transaction: AsyncConnection, tick: Tick, run_id: str) -> None:
    """Keep which run a time started; empty for none."""
    await transaction.execute(
        update(schedule_ticks)
        .where(
            _TICK.pipeline_id == tick.pipeline_id,
            _TICK.cron == tick.schedule,
            _TICK.due_at == tick.due_at,
        )
        .values(run_id=run_id)
    )


async def unsettled_ticks(
    connection: AsyncConnection, since: datetime, before: datetime
) -> set[Tick]:
    """Times of a period that were claimed and of which nobody has said what they started."""
    query = select(schedule_ticks).where(
        _TICK.run_id.is_(None), _TICK.due_at >= since, _TICK.due_at < before
    )
    return {Tick(row.pipeline_id, row.cron, row.due_at) for row in await connection.execute(query)}


async def seen_refs(connection: AsyncConnection, repository_id: str) -> dict[str, SeenRef]:
    """Every ref of a repository that was ever seen, and the marks beside them, by name."""
    query = select(_REF.ref, _REF.commit_sha, _REF.seen_at).where(
        _REF.repository_id == repository_id
    )
    return {row[0]: SeenRef(row[1], row[2]) for row in await connection.execute(query)}


async def add_ref(
    transaction: AsyncConnection, repository_id: str, ref: str, commit: str, now: datetime
) -> bool:
    """Keep where a ref is that was never seen; whether nobody else did."""
    values = {"repository_id": repository_id, "ref": ref, "commit_sha": commit, "seen_at": now}
    return await _insert_new(transaction, watched_refs, values)


async def add_refs(
    transaction: AsyncConnection, repository_id: str, refs: Mapping[str, str], now: datetime
) -> None:
    """Keep where all refs of a repository are, of which none was ever seen."""
    rows = [
        {"repository_id": repository_id, "ref": ref, "commit_sha": commit, "seen_at": now}
        for ref, commit in refs.items()
    ]
    if rows:
        await transaction.execute(insert(watched_refs), rows)


async def move_ref(
    transaction: AsyncConnection,
    repository_id: str,
    ref: str,
    old: SeenRef,
    commit: str,
    now: datetime,
) -> bool:
    """Keep where a ref has gone; whether it was still known as `old`."""
    moved = (
        update(watched_refs)
        .where(
            _REF.repository_id == repository_id,
            _REF.ref == ref,
            _REF.commit_sha == old.commit,
            _REF.seen_at == old.seen_at,
        )
        .values(commit_sha=commit, seen_at=now)
    )
    return (await transaction.execute(moved)).rowcount == 1


async def put_ref(
    transaction: AsyncConnection, repository_id: str, ref: str, commit: str, now: datetime
) -> None:
    """Keep where a ref is, whatever was known of it."""
    if await add_ref(transaction, repository_id, ref, commit, now):
        return
    await transaction.execute(
        update(watched_refs)
        .where(_REF.repository_id == repository_id, _REF.ref == ref)
        .values(commit_sha=commit, seen_at=now)
    )


async def forget(transaction: AsyncConnection, before: datetime) -> int:
    """Delete webhooks that were dealt with and times that were due before a moment."""
    waiting = _DELIVERY.status.in_(("received", "processing"))
    old = and_(_DELIVERY.received_at < before, ~waiting)
    gone = await transaction.execute(delete(webhook_deliveries).where(old))
    ticks = await transaction.execute(delete(schedule_ticks).where(_TICK.due_at < before))
    return gone.rowcount + ticks.rowcount


def _is(known: Delivery) -> Any:
    status = "received" if known.owner is None else "processing"
    return and_(
        _DELIVERY.source == known.source,
        _DELIVERY.delivery_id == known.id,
        _DELIVERY.status == status,
        _DELIVERY.outcome == (known.owner or ""),
    )


def _delivery(row: Row[Any]) -> Delivery:
    owner = row.outcome if row.status == "processing" else None
    return Delivery(row.source, row.delivery_id, row.event, row.payload, owner, row.received_at)


async def _insert_new(
    transaction: AsyncConnection, table: Table, values: Mapping[str, object]
) -> bool:
    # Of inserts only SQLite's driver counts the rows, so what went in is asked for.
    key = next(iter(table.primary_key))
    if transaction.dialect.name == "postgresql":
        # Another transaction may insert it between a look and an insert.
        from sqlalchemy.dialects.postgresql import (  # noqa: PLC0415 - slow, and unused on SQLite
            insert as postgresql_insert,
        )

        ignoring = postgresql_insert(table).values(values).on_conflict_do_nothing()
        return (await transaction.execute(ignoring.returning(key))).first() is not None
    row = insert(table).prefix_with("OR IGNORE").values(values).returning(key)
    return (await transaction.execute(row)).first() is not None
