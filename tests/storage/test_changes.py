import asyncio

import anyio
import anyio.lowlevel

from gitops_auditor.storage.changes import ChangeSignal


class Commits:
    """Stands for the database: counts what others committed, and how often it was asked."""

    def __init__(self) -> None:
        self.count = 0
        self.asked = 0

    async def probe(self) -> object:
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        return self.count


async def settled(signal: ChangeSignal) -> int:
    """A version after the first probe, which always counts as a change."""
    return await signal.wait(signal.version, 5)


async def test_a_commit_of_this_process_wakes_at_once() -> None:
    signal = ChangeSignal(Commits().probe)
    version = await settled(signal)
    waiting = asyncio.create_task(signal.wait(version, 5))
    await anyio.wait_all_tasks_blocked()
    signal.notify()
    assert await waiting == version + 1


async def test_a_commit_before_the_first_probe_is_not_missed() -> None:
    commits = Commits()
    signal = ChangeSignal(commits.probe)
    version = signal.version
    commits.count += 1
    assert await signal.wait(version, 5) > version


async def test_a_commit_of_another_process_wakes_within_the_bound() -> None:
    commits = Commits()
    signal = ChangeSignal(commits.probe)
    version = await settled(signal)
    waiting = asyncio.create_task(signal.wait(version, 5))
    await anyio.wait_all_tasks_blocked()
    commits.count += 1
    with anyio.fail_after(1):
        assert await waiting > version


async def test_without_a_commit_the_wait_ends_with_the_same_version() -> None:
    signal = ChangeSignal(Commits().probe)
    version = await settled(signal)
    assert await signal.wait(version, 0.05) == version


async def test_many_who_wait_share_one_poller_which_another_takes_over() -> None:
    commits = Commits()
    signal = ChangeSignal(commits.probe)
    version = await settled(signal)
    before = commits.asked
    first = asyncio.create_task(signal.wait(version, 5))
    await anyio.wait_all_tasks_blocked()
    others = [asyncio.create_task(signal.wait(version, 5)) for _ in range(50)]
    await anyio.wait_all_tasks_blocked()
    assert commits.asked == before + 1
    first.cancel()
    await asyncio.wait([first])
    commits.count += 1
    with anyio.fail_after(1):
        assert set(await asyncio.gather(*others)) == {version + 1}
    assert commits.asked <= before + 3
