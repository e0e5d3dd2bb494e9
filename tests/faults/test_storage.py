"""Runs while the disk is full, and while another process holds the database."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from gitops_auditor.cli.session import call
from gitops_auditor.config import Settings
from gitops_auditor.errors import GitOpsError
from tests.factories.databases import migrated_sqlite
from tests.factories.owned import owned
from tests.factories.terminal import SECONDS
from tests.faults.machine import MIB, Machine, narrow_settings, open_machine

DISK_BYTES = 12 * MIB
LOCKED_SECONDS = 3
LOCKER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
LOUD = {"script": "until [ -e full ]; do sleep 0.05; done; head -c 900000 /dev/zero | base64 -w 80"}
STEPS = {"script": "for n in 1 2 3 4 5; do echo step $n; sleep 0.2; done"}


@pytest.fixture
def small_disk(reachable: Path) -> Iterator[Path]:
    """The data folder, on a file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("run the tests as root to mount a small file system")
    place = reachable / "data"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(place)]
    done = subprocess.run(mount, check=False, capture_output=True, encoding="utf-8")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
async def on_small_disk(small_disk: Path, reachable: Path) -> AsyncIterator[Machine]:
    settings = narrow_settings(reachable, await migrated_sqlite(small_disk))
    async with owned(open_machine(settings)) as opened:
        yield opened


def fill(folder: Path) -> Path:
    """The file that leaves no room for another byte in the folder's file system."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process holds the lock for writing for the length of the block."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "locked\n"
            yield
        finally:
            process.kill()


async def test_a_run_survives_a_full_disk_and_the_next_one_works(
    on_small_disk: Machine, small_disk: Path
) -> None:
    pipeline_id = await on_small_disk.pipeline(LOUD)
    run = await call(on_small_disk.platform, "run_pipeline", pipeline_id=pipeline_id)
    services = on_small_disk.platform.services
    await until_running(on_small_disk, run.id)
    filler = await anyio.to_thread.run_sync(fill, small_disk)
    (checkout,) = (on_small_disk.folder / "runs").glob("*/checkout")
    (checkout / "full").touch()
    with pytest.raises(GitOpsError) as refused:
        await call(on_small_disk.platform, "run_pipeline", pipeline_id=pipeline_id)
    assert refused.value.hint
    await services.pipelines.runs.wait(run.id, LOCKED_SECONDS)
    filler.unlink()
    ended = await on_small_disk.ended(run.id)
    assert (ended.run.status, ended.left) == ("failed", [])
    assert ended.failure is not None
    assert "The log was cut" in ended.failure.cause
    assert "No space left on device" in ended.failure.cause
    again = await on_small_disk.run({"script": "echo fine"})
    assert again.run.status == "success"
    with sqlite3.connect(small_disk / "test.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def until_running(machine: Machine, run_id: str) -> None:
    services = machine.platform.services
    with anyio.fail_after(SECONDS):
        while True:
            seen = services.database.changes.version
            if (await services.pipelines.runs.get(run_id)).jobs[0].status == "running":
                return
            await services.database.changes.wait(seen, 1)


async def test_a_database_that_another_process_holds_for_seconds_costs_time_and_nothing_else(
    machine: Machine, narrow: Settings
) -> None:
    pipeline_id = await machine.pipeline(STEPS, {"script": "echo over"})
    run = await call(machine.platform, "run_pipeline", pipeline_id=pipeline_id)
    await until_running(machine, run.id)
    with locked(machine.folder / "test.db"):
        await anyio.sleep(LOCKED_SECONDS)
        unfinished = await call(machine.platform, "get_run", run_id=run.id)
        assert unfinished.status == "running"
    ended = await machine.ended(run.id)
    assert (ended.run.status, ended.left) == ("success", [])
    assert [job.attempt for job in ended.run.jobs] == [1, 1]
    assert "step 5" in await machine.log(run.id, "s0/it")
