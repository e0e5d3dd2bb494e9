"""Limits hold for the whole of a job, whatever it tries."""

import shutil

import anyio
import pytest

from gitops_auditor.execution.supervision.orders import Isolation, Limits
from tests.execution.jobs import Jobs, every_level, python


@every_level
async def test_a_fork_bomb_is_stopped_and_nothing_of_it_is_left(
    jobs: Jobs, isolation: Isolation
) -> None:
    bomb = """
        import os, time
        for _ in range(6):  # 64 processes at most, so that a failing limit harms no one
            try:
                os.fork()
            except OSError:
                pass
        time.sleep(60)
    """
    result = await jobs.run(
        jobs.order(*python(bomb), isolation=isolation, limits=Limits(processes=12), timeout=2)
    )
    assert result.failure in {"failed", "timeout"}
    assert result.all_gone
    assert jobs.left() == []


async def test_processes_are_limited_for_each_sandbox_by_itself(jobs: Jobs) -> None:
    if Isolation.BUBBLEWRAP not in _available():
        pytest.skip("install bubblewrap to run this")
    count = """
        import os, time
        made = 0
        try:
            while made < 40:
                if not os.fork():
                    time.sleep(60)
                made += 1
        except OSError:
            pass
        print(made)
    """
    order = jobs.order(*python(count), isolation=Isolation.BUBBLEWRAP, limits=Limits(processes=16))
    async with anyio.create_task_group() as group:
        group.start_soon(jobs.run, order)
        group.start_soon(jobs.run, order)
    made = [int(line) for line in jobs.stdout.splitlines()]
    assert len(made) == 2
    assert all(10 <= each <= 16 for each in made)


def _available() -> set[Isolation]:
    return {level for level in Isolation if level < 2 or shutil.which("bwrap")}


@every_level
async def test_memory_of_all_processes_together_is_limited(
    jobs: Jobs, isolation: Isolation
) -> None:
    hogs = """
        import os, time
        for _ in range(2):
            os.fork()
        held = bytearray(os.urandom(1)) * (24 * 2**20)
        time.sleep(60)
    """
    result = await jobs.run(
        jobs.order(*python(hogs), isolation=isolation, limits=Limits(memory_bytes=64 * 2**20))
    )
    assert (result.failure, result.exceeded) == ("failed", "memory")
    assert "64 MiB of memory" in result.reason
    assert result.peak_memory_bytes >= 64 * 2**20
    assert jobs.left() == []


async def test_memory_that_forked_processes_share_counts_once(jobs: Jobs) -> None:
    shared = """
        import os, time
        held = bytearray(b"x") * (24 * 2**20)
        for _ in range(3):
            os.fork()
        time.sleep(0.5)
    """
    result = await jobs.run(jobs.order(*python(shared), limits=Limits(memory_bytes=128 * 2**20)))
    assert (result.failure, result.exceeded) == (None, None)


@every_level
async def test_an_output_flood_is_cut_at_the_limit(jobs: Jobs, isolation: Isolation) -> None:
    result = await jobs.run(
        jobs.order("yes", isolation=isolation, limits=Limits(output_bytes=100_000))
    )
    assert (result.failure, result.exceeded) == ("failed", "output")
    assert len(jobs.stdout) == 100_000
    assert result.output_bytes > 100_000
    assert jobs.left() == []


@every_level
async def test_a_workspace_filled_with_many_files_ends_the_job(
    jobs: Jobs, isolation: Isolation
) -> None:
    fill = "i=0; while :; do i=$((i+1)); head -c 100000 /dev/zero > file$i; done"
    limits = Limits(workspace_bytes=2**20)
    result = await jobs.run(jobs.order("sh", "-c", fill, isolation=isolation, limits=limits))
    assert (result.failure, result.exceeded) == ("failed", "workspace")
    assert jobs.left() == []


@every_level
async def test_one_file_cannot_grow_beyond_its_limit(jobs: Jobs, isolation: Isolation) -> None:
    result = await jobs.run(
        jobs.order(
            "sh",
            "-c",
            "head -c 3000000 /dev/zero > big",
            isolation=isolation,
            limits=Limits(file_bytes=2**20),
        )
    )
    assert result.failure == "failed"
    assert (jobs.workspace / "big").stat().st_size == 2**20


@every_level
async def test_open_files_are_limited(jobs: Jobs, isolation: Isolation) -> None:
    exhaust = """
        import os
        made = 0
        try:
            while made < 1000:
                os.open("/dev/null", os.O_RDONLY)
                made += 1
        except OSError as refused:
            print(made, refused.strerror)
    """
    await jobs.run(jobs.order(*python(exhaust), isolation=isolation, limits=Limits(open_files=64)))
    assert jobs.stdout in {f"{made} Too many open files\n" for made in (60, 61)}


async def test_processor_time_is_limited(jobs: Jobs) -> None:
    result = await jobs.run(
        jobs.order("sh", "-c", "while :; do :; done", limits=Limits(cpu_seconds=0.3))
    )
    assert (result.failure, result.exceeded) == ("failed", "cpu")


async def test_the_memory_of_the_sandbox_tmp_is_bounded(jobs: Jobs) -> None:
    if Isolation.BUBBLEWRAP not in _available():
        pytest.skip("install bubblewrap to run this")
    text = "for f in /tmp /dev/shm; do head -c 5000000 /dev/zero > $f/fill; wc -c $f/fill; done"
    await jobs.run(
        jobs.order(
            "sh",
            "-c",
            text,
            isolation=Isolation.BUBBLEWRAP,
            limits=Limits(temporary_bytes=2**20),
        )
    )
    assert [line.split()[0] for line in jobs.stdout.splitlines()] == ["1048576"] * 2
    assert "No space left on device" in jobs.stderr
