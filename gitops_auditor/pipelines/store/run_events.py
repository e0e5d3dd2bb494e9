"""Several events of runs in one transaction, by few statements however many they are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select

from gitops_auditor.errors import JsonValue
from gitops_auditor.events import EventLog
from gitops_auditor.storage.batches import Step
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.tables import events

CHANNEL = "pipelines"

Told = tuple[str, dict[str, JsonValue]]
"""An event by its name, and its data."""

_FOLLOWING = select(func.coalesce(func.max(events.c.seq), 0) + 1).scalar_subquery()
_APPEND = insert(events).values(seq=_FOLLOWING)


def events_step(told: Sequence[Told]) -> Step:
    """Appends the events on SQLite, where one transaction writes at a time."""
    return Step(_APPEND, _rows(told))


async def append_all(log: EventLog, transaction: AsyncConnection, told: Sequence[Told]) -> None:
    """Append the events in order; do it last, as for `EventLog.append`."""
    if told:
        # The first one takes the lock of the numbering, which is held to the commit.
        await log.append(transaction, CHANNEL, *told[0])
    if len(told) > 1:
        await transaction.execute(_APPEND, _rows(told[1:]))


def _rows(told: Sequence[Told]) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [
        {"channel": CHANNEL, "name": name, "data": data, "created_at": now} for name, data in told
    ]
