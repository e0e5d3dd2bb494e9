"""Runs outlive the processes and the stops around them."""

import os
import signal
import subprocess
from functools import partial
from typing import get_args

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import select

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.records import Run
from gitops_auditor.storage.pipeline_tables import pipeline_runs
from tests.factories.terminal import COMMAND, SECONDS
from tests.faults.editor import End, environment_for, run_and_leave
from tests.faults.machine import Machine, executors

SUSPENDED_SECONDS = 3
STEPS = {"script": "for n in 1 2 3 4 5; do echo step $n; sleep 0.3; done; echo >> ran; cat ran"}
LATER = {"script": "test $(wc -l < ran) = 1"}


async def started(watcher: Machine, settings: Settings, end: End) -> str:
    pipeline_id = await watcher.pipeline(STEPS, LATER)
    return await anyio.to_thread.run_sync(partial(run_and_leave, settings, pipeline_id, end))


async def running(watcher: Machine, run_id: str) -> Run:
    """The run as soon as a job of it writes."""
    services = watcher.platform.services
    with anyio.fail_after(SECONDS):
        while True:
            seen = services.database.changes.version
            run = await services.pipelines.runs.get(run_id)
            if run.jobs[0].status == "running":
                return run
            await services.database.changes.wait(seen, 1)


async def fence(watcher: Machine, run_id: str) -> int:
    """How many processes have carried the run out."""
    async with watcher.platform.services.database.read() as connection:
        query = select(pipeline_runs.c.fence).where(pipeline_runs.c.id == run_id)
        return int(await connection.scalar(query) or 0)


@pytest.mark.parametrize("end", get_args(End))
async def test_a_run_outlives_the_editor_that_started_it(
    end: End, watcher: Machine, narrow: Settings
) -> None:
    run_id = await started(watcher, narrow, end)
    ended = await watcher.ended(run_id)
    assert (ended.run.status, ended.left) == ("success", [])
    assert [job.attempt for job in ended.run.jobs] == [1, 1]
    assert [f"step {n}" in await watcher.log(run_id, "s0/it") for n in range(1, 6)] == [True] * 5


async def test_a_suspended_executor_goes_on_and_nobody_takes_its_place(
    watcher: Machine, narrow: Settings
) -> None:
    run_id = await started(watcher, narrow, "is killed")
    await running(watcher, run_id)
    (executor,) = executors(narrow.data_dir)
    os.kill(executor, signal.SIGSTOP)
    try:
        rival = await anyio.to_thread.run_sync(partial(rival_of, narrow))
        await anyio.sleep(SUSPENDED_SECONDS)
        assert await fence(watcher, run_id) == 1
    finally:
        os.kill(executor, signal.SIGCONT)
    ended = await watcher.ended(run_id)
    assert rival == 0
    assert (ended.run.status, ended.left) == ("success", [])
    assert [job.attempt for job in ended.run.jobs] == [1, 1]
    assert await fence(watcher, run_id) == 1
    assert "step 5" in await watcher.log(run_id, "s0/it")


def rival_of(settings: Settings) -> int:
    """The exit status of another executor of the same data folder, which has nothing to do."""
    done = subprocess.run(
        [*COMMAND, "executor"],
        env=environment_for(settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode
