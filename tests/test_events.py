import asyncio
from collections.abc import Sequence

import anyio
import pytest

from gitops_auditor.events import Event, EventLog, Reset
from gitops_auditor.storage.database import Database


async def write(database: Database, *names: str, channel: str = "c") -> None:
    log = EventLog(database)
    async with database.write() as transaction:
        for name in names:
            await log.append(transaction, channel, name, {"name": name})


async def take(
    log: EventLog, after: int, count: int, channels: Sequence[str] | None = None
) -> list[Event | Reset]:
    found: list[Event | Reset] = []
    with anyio.fail_after(10):
        async for event in log.follow(after, channels):
            found.append(event)
            if len(found) == count:
                break
    return found


def seqs(found: Sequence[Event | Reset]) -> list[int]:
    return [event.seq for event in found if isinstance(event, Event)]


async def test_events_are_numbered_without_gaps_in_the_order_of_commits(
    database: Database, events: EventLog
) -> None:
    async def fail() -> None:
        async with database.write() as transaction:
            assert await events.append(transaction, "c", "never", {}) == 3
            raise LookupError

    await write(database, "a", "b")
    with pytest.raises(LookupError):
        await fail()
    await write(database, "d")
    page = await events.read(0, 10)
    assert [(event.seq, event.name) for event in page.events] == [(1, "a"), (2, "b"), (3, "d")]
    assert page.events[0].data == {"name": "a"}
    assert await events.head() == page.last == 3


async def test_an_empty_log_has_nothing_to_read(events: EventLog) -> None:
    assert await events.read(0, 10) == ([], False, 0)
    assert await events.head() == 0


async def test_concurrent_writers_never_show_a_later_number_first(
    database_url: str, database: Database, events: EventLog
) -> None:
    async with Database.open(database_url) as other, anyio.create_task_group() as tasks:
        following = asyncio.create_task(take(events, 0, 80))
        for number in range(40):
            tasks.start_soon(write, database, f"a{number}")
            tasks.start_soon(write, other, f"b{number}")
        assert seqs(await following) == list(range(1, 81))


async def test_pages_join_without_loss_also_when_channels_are_chosen(
    database: Database, events: EventLog
) -> None:
    for number in range(6):
        await write(database, f"{number}", channel="even" if number % 2 == 0 else "odd")
    first = await events.read(0, 2, ["even"])
    second = await events.read(first.last, 2, ["even"])
    assert [event.name for event in first.events + second.events] == ["0", "2", "4"]
    assert second.last == 6
    assert (await events.read(0, 10, [])).events == []


async def test_a_follower_gets_what_was_before_and_then_each_commit(
    database: Database, events: EventLog
) -> None:
    await write(database, "a", "b")
    following = asyncio.create_task(take(events, 1, 3, ["c"]))
    await anyio.wait_all_tasks_blocked()
    await write(database, "x", channel="other")
    await write(database, "d", "e")
    assert seqs(await following) == [2, 4, 5]


async def test_a_follower_sees_the_commits_of_another_process(
    database_url: str, events: EventLog
) -> None:
    following = asyncio.create_task(take(events, 0, 2))
    async with Database.open(database_url) as other:
        await anyio.wait_all_tasks_blocked()
        await write(other, "a")
        await write(other, "b")
        assert seqs(await following) == [1, 2]


async def test_more_events_than_a_batch_arrive_in_order(
    database: Database, events: EventLog
) -> None:
    await write(database, *(str(number) for number in range(1201)))
    assert seqs(await take(events, 0, 1201)) == list(range(1, 1202))


async def test_a_place_that_was_pruned_is_reset_and_goes_on_at_the_head(
    database: Database, events: EventLog
) -> None:
    await write(database, *(str(number) for number in range(10)))
    assert await events.prune(keep=3) == 7
    assert seqs((await events.read(7, 10)).events) == [8, 9, 10]
    assert await events.read(6, 10) == ([], True, 10)
    await_reset = asyncio.create_task(take(events, 2, 2))
    await anyio.wait_all_tasks_blocked()
    await write(database, "new")
    reset, event = await await_reset
    assert reset == Reset(10)
    assert isinstance(event, Event)
    assert event.seq == 11


async def test_a_place_beyond_the_end_belongs_to_another_log_and_is_reset(
    database: Database, events: EventLog
) -> None:
    await write(database, "a")
    assert await events.read(99, 10) == ([], True, 1)


async def test_pruning_keeps_the_newest_event_so_that_numbers_are_never_given_twice(
    database: Database, events: EventLog
) -> None:
    assert await events.prune(keep=0) == 0
    await write(database, "a", "b")
    assert await events.prune(keep=0) == 1
    await write(database, "d")
    assert await events.head() == 3


async def test_pruning_many_events_goes_in_several_short_transactions(
    database: Database, events: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitops_auditor.events.PRUNE_BATCH", 4)
    await write(database, *(str(number) for number in range(11)))
    before = database.changes.version
    assert await events.prune(keep=2) == 9
    assert database.changes.version >= before + 3
    assert seqs((await events.read(9, 10)).events) == [10, 11]


async def test_many_followers_all_get_everything(database: Database, events: EventLog) -> None:
    following = [asyncio.create_task(take(events, 0, 5)) for _ in range(40)]
    for number in range(5):
        await write(database, str(number))
    for found in await asyncio.gather(*following):
        assert seqs(found) == [1, 2, 3, 4, 5]
