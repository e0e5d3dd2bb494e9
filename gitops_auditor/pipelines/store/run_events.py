"""Several events of runs in one transaction, by two statements however many they are."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gitops_auditor.errors import JsonValue
from gitops_auditor.events import EventLog
from gitops_auditor.storage.tables import events

CHANNEL = "pipelines"

Told = tuple[str, dict[str, JsonValue]]
"""An event by its name, and its data."""


async def append_all(
    log: EventLog, transaction: AsyncConnection, told: Sequence[Told], now: datetime
) -> None:
    """Append the events in order; do it last, as for `EventLog.append`."""
    if not told:
        return
    # The first one takes the lock of the numbering, and the numbers after it are free with it.
    first = await log.append(transaction, CHANNEL, *told[0])
    rows = [
        {"seq": seq, "channel": CHANNEL, "name": name, "data": data, "created_at": now}
        for seq, (name, data) in enumerate(told[1:], start=first + 1)
    ]
    if rows:
        await transaction.execute(insert(events), rows)
