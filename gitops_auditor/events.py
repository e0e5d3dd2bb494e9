"""The event log: what changed, numbered in the order of commits, for whoever wants to follow.

Numbers have no gaps and are given in commit order, so a follower that has seen number n has seen
everything up to n. An event is written in the transaction of the change it tells of.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, delete, func, insert, literal, select

from gitops_auditor.errors import JsonValue
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import events

BATCH = 500
PRUNE_BATCH = 5000
IDLE_SECONDS = 15.0
"""A follower looks again after this time even when nobody told it of a change."""

_NUMBERING_LOCK = 0x6576656E7473  # "events"


class Event(NamedTuple):
    """One change. `seq` is its place in the log, `channel` what one subscribes to."""

    seq: int
    channel: str
    name: str
    data: dict[str, JsonValue]
    created_at: datetime


class Reset(NamedTuple):
    """Events after the follower's place are gone: read the present state, go on after `last`."""

    last: int


class EventPage(NamedTuple):
    """Some events in order; ask for more with `after=last`. None when `reset`: see Reset."""

    events: list[Event]
    reset: bool
    last: int


class EventLog:
    """Append to, read and follow the log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(
        self, transaction: AsyncConnection, channel: str, name: str, data: Mapping[str, JsonValue]
    ) -> int:
        """Write an event as part of `transaction` and return its number.

        On PostgreSQL the other writers of events wait until `transaction` ends: append last.
        """
        if self._database.dialect == "postgresql":
            # Held to the commit, or a smaller number could become visible after a larger one.
            await transaction.execute(select(func.pg_advisory_xact_lock(_NUMBERING_LOCK)))
        following = select(func.coalesce(func.max(events.c.seq), 0) + 1).scalar_subquery()
        row = insert(events).values(
            seq=following,
            channel=channel,
            name=name,
            data=dict(data),
            created_at=datetime.now(UTC),
        )
        return int((await transaction.execute(row.returning(events.c.seq))).scalar_one())

    async def read(
        self, after: int, limit: int = BATCH, channels: Sequence[str] | None = None
    ) -> EventPage:
        """At most `limit` events after number `after`, of all channels or of those named."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_page(after, limit, channels))).all()
        oldest, newest = rows[0].oldest or 0, rows[0].newest or 0
        if after > newest or after + 1 < oldest:
            return EventPage([], reset=True, last=newest)
        found = [_event(row) for row in rows if row.seq is not None]
        # What other channels wrote up to `newest` need not be looked at again.
        last = found[-1].seq if len(found) == limit else newest
        return EventPage(found, reset=False, last=last)

    async def head(self) -> int:
        """The number of the newest event, 0 when there is none."""
        async with self._database.read() as connection:
            return await connection.scalar(select(func.max(events.c.seq))) or 0

    async def follow(
        self, after: int, channels: Sequence[str] | None = None
    ) -> AsyncGenerator[Event | Reset, None]:
        """Every event after number `after`, and then each new one as it is committed, without end.

        Commits of this process arrive at once, those of others within a quarter of a second.
        Raises Unavailable when the database cannot be read.
        """
        while True:
            seen = self._database.changes.version
            page = await self.read(after, BATCH, channels)
            after = page.last
            if page.reset:
                yield Reset(page.last)
            for event in page.events:
                yield event
            if len(page.events) < BATCH:
                await self._database.changes.wait(seen, IDLE_SECONDS)

    async def prune(self, keep: int) -> int:
        """Delete all but the newest `keep` events (at least one stays) and return how many went."""
        removed = 0
        while True:
            async with self._database.write() as transaction:
                oldest, newest = (await transaction.execute(_BOUNDS)).one()
                bound = min((newest or 0) - max(keep, 1), (oldest or 0) + PRUNE_BATCH - 1)
                removed_now = await transaction.execute(delete(events).where(events.c.seq <= bound))
            removed += removed_now.rowcount
            if removed_now.rowcount < PRUNE_BATCH:
                return removed


# Two subqueries: SQLite answers min and max from the index only when each stands alone.
_BOUNDS = select(
    select(func.min(events.c.seq)).scalar_subquery().label("oldest"),
    select(func.max(events.c.seq)).scalar_subquery().label("newest"),
)


def _page(after: int, limit: int, channels: Sequence[str] | None) -> Select[Any]:
    # One statement is one snapshot: what is pruned meanwhile cannot be mistaken for nothing new.
    bounds = _BOUNDS.subquery("bounds")
    wanted = events.c.seq > literal(after)
    if channels is not None:
        wanted &= events.c.channel.in_(channels)
    joined = bounds.outerjoin(events, wanted)
    return select(bounds, events).select_from(joined).order_by(events.c.seq).limit(limit)


def _event(row: Row[Any]) -> Event:
    return Event(row.seq, row.channel, row.name, row.data, row.created_at)
