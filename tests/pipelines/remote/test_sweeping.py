"""Which runs a sweep sends messages for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from gitops_auditor.pipelines.remote.dispatcher import RemoteDispatcher
from gitops_auditor.pipelines.remote.queue import RunQueue
from gitops_auditor.pipelines.remote.sweeping import Sweeper
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.storage.pipeline_tables import pipeline_runs
from gitops_auditor.work import open_process
from tests.pipelines.remote.site import Server

PIPELINE = """
name: nothing
version: "1.0"
stages:
  - name: only
    jobs:
      - name: job
        script: "true"
"""
DEAD_SECONDS = 600.0


@pytest.fixture
async def queue(server: Server) -> AsyncIterator[RunQueue]:
    services = server.services
    url = services.settings.database_url
    async with RunQueue(services.database, url, DEAD_SECONDS).closing() as opened:
        yield opened


@pytest.fixture
def sweeper(server: Server, queue: RunQueue) -> Sweeper:
    services = server.services
    journal = Journal(services.database, services.events, services.audit)
    return Sweeper(queue, journal, services.process)


@pytest.fixture
async def lost(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that was committed by a process that died before it sent a message."""

    async def die(*_: object) -> None:
        return

    with monkeypatch.context() as dying:
        dying.setattr(RemoteDispatcher, "submitted", die)
        return await server.start(folder / "origin", PIPELINE)


async def own(server: Server, run_id: str, owner: str) -> None:
    async with server.services.database.write() as transaction:
        taken = update(pipeline_runs).where(pipeline_runs.c.id == run_id)
        await transaction.execute(taken.values(owner=owner, fence=1, status="running"))


async def test_a_lost_run_is_sent_once(sweeper: Sweeper, queue: RunQueue, lost: str) -> None:
    assert (await sweeper.sweep()).sent == (lost,)
    assert await queue.queued([lost]) == {lost}
    assert (await sweeper.sweep()).sent == ()


async def test_a_run_that_was_submitted_is_not_sent_again(
    sweeper: Sweeper, server: Server, folder: Path
) -> None:
    await server.start(folder / "origin", PIPELINE)
    assert await sweeper.sweep() == ((), ())


async def test_a_run_is_sent_when_its_owner_is_dead_and_not_before(
    sweeper: Sweeper, server: Server, lost: str
) -> None:
    services = server.services
    async with open_process(services.database, services.settings.data_dir) as other:
        await own(server, lost, other.id)
        assert (await sweeper.sweep()).sent == ()
    assert (await sweeper.sweep()).sent == (lost,)


async def test_a_run_that_this_process_gave_up_is_left_to_it_and_not_sent(
    sweeper: Sweeper, server: Server, lost: str
) -> None:
    await own(server, lost, server.services.process.id)
    assert await sweeper.sweep() == ((), (lost,))
    assert await sweeper.sweep([lost]) == ((), ())


async def test_a_run_that_is_over_is_not_sent(sweeper: Sweeper, server: Server, lost: str) -> None:
    async with server.services.database.write() as transaction:
        over = update(pipeline_runs).where(pipeline_runs.c.id == lost)
        await transaction.execute(over.values(status="success"))
    assert await sweeper.sweep() == ((), ())
