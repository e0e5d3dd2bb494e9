"""The end of every job, however it behaves: reported rightly, and nothing of it left."""

import os
import shutil
import signal
import sys
import textwrap
import time
from pathlib import Path

import anyio
import pytest

from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.orders import Isolation, Limits, encode
from tests.execution.jobs import LEVELS, PYTHON, Jobs, needs_python

every_level = pytest.mark.parametrize("isolation", LEVELS)
TOLERANCE = 5.0
"""Seconds beyond timeout and grace on a machine that many share; on an idle one it is under 0.5."""


def python(text: str) -> tuple[str, ...]:
    needs_python()
    return (PYTHON, "-I", "-S", "-c", textwrap.dedent(text))


@every_level
async def test_a_job_that_succeeds_streams_both_outputs_and_has_no_failure(
    jobs: Jobs, isolation: Isolation
) -> None:
    result = await jobs.run(
        jobs.order("sh", "-c", "echo out; echo err >&2; cat", isolation=isolation)
    )
    assert (result.exit_code, result.failure, result.all_gone) == (0, None, True)
    assert (jobs.stdout, jobs.stderr) == ("out\n", "err\n")
    assert result.output_bytes == 8
    assert result.peak_memory_bytes > 0


@every_level
async def test_a_job_that_fails_says_with_which_exit_code(jobs: Jobs, isolation: Isolation) -> None:
    result = await jobs.run(jobs.order("sh", "-c", "exit 7", isolation=isolation))
    assert (result.exit_code, result.failure) == (7, "failed")
    assert result.reason == "It ended with exit code 7."


@every_level
async def test_a_job_ended_by_a_signal_names_the_signal(jobs: Jobs, isolation: Isolation) -> None:
    result = await jobs.run(jobs.order("sh", "-c", "kill -SEGV $$", isolation=isolation))
    assert (result.exit_code, result.reason) == (139, "It was ended by SIGSEGV.")


async def test_a_command_that_is_not_found_is_an_error_of_the_machinery(jobs: Jobs) -> None:
    result = await jobs.run(jobs.order("no-such-command"))
    assert (result.exit_code, result.failure) == (None, "errored")
    assert "no-such-command" in result.reason
    assert "PATH" in result.reason


@every_level
async def test_a_job_sees_only_the_environment_it_was_given(
    jobs: Jobs, isolation: Isolation
) -> None:
    await jobs.run(jobs.order("env", isolation=isolation, environment={"GREETING": "hello"}))
    names = {line.partition("=")[0] for line in jobs.stdout.splitlines()}
    assert names - {"PWD"} == {"PATH", "GREETING", "GITOPS_JOB"}


@every_level
async def test_a_job_inherits_no_descriptor_beyond_its_three(
    jobs: Jobs, isolation: Isolation
) -> None:
    await jobs.run(jobs.order("sh", "-c", "ls /proc/self/fd", isolation=isolation))
    numbers = {int(line) for line in jobs.stdout.splitlines()}
    assert {0, 1, 2} <= numbers
    assert len(numbers) == 4  # one more: the folder that `ls` reads


@every_level
async def test_a_job_that_ignores_every_polite_signal_is_killed_after_its_grace(
    jobs: Jobs, isolation: Isolation
) -> None:
    text = "trap '' TERM INT HUP; echo ready; while :; do sleep 1; done"
    started = time.monotonic()
    result = await jobs.run(jobs.order("sh", "-c", text, isolation=isolation, timeout=1, grace=0.3))
    assert (result.failure, result.all_gone) == ("timeout", True)
    assert 1.0 <= time.monotonic() - started < 1.3 + TOLERANCE
    assert jobs.left() == []


@every_level
async def test_a_cancelled_job_may_clean_up_before_it_ends(
    jobs: Jobs, isolation: Isolation
) -> None:
    text = "trap 'echo cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    job = await jobs.start(jobs.order("sh", "-c", text, isolation=isolation, grace=20))
    await jobs.until_output(b"ready")
    job.cancel()
    result = await job.wait()
    assert (result.failure, jobs.stdout) == ("cancelled", "ready\ncleaned\n")
    assert result.seconds < 20
    assert jobs.left() == []


async def test_a_cancelled_caller_leaves_nothing_running(jobs: Jobs) -> None:
    with anyio.CancelScope() as scope:

        async def cancel_when_ready() -> None:
            await jobs.until_output(b"ready")
            scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(cancel_when_ready)
            await jobs.run(jobs.order("sh", "-c", "echo ready; sleep 60"))
    assert scope.cancelled_caught
    assert jobs.left() == []


DAEMON = """
    import os, sys, time
    for _ in range(2):
        if os.fork():
            os.waitpid(-1, 0) if _ == 0 else None
            os._exit(0) if _ else sys.exit(0)
        os.setsid()
    time.sleep(60)
"""


@every_level
async def test_a_daemon_that_left_its_session_ends_with_its_job(
    jobs: Jobs, isolation: Isolation
) -> None:
    result = await jobs.run(jobs.order(*python(DAEMON), isolation=isolation))
    assert (result.failure, result.all_gone) == (None, True)
    assert result.seconds < TOLERANCE
    assert jobs.left() == []


@every_level
async def test_a_grandchild_that_holds_the_output_does_not_hold_the_job(
    jobs: Jobs, isolation: Isolation
) -> None:
    result = await jobs.run(
        jobs.order("sh", "-c", "setsid sleep 60 & echo started", isolation=isolation)
    )
    assert (result.failure, jobs.stdout) == (None, "started\n")
    assert result.seconds < TOLERANCE
    assert jobs.left() == []


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
    assert result.peak_memory_bytes > 64 * 2**20
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


@every_level
async def test_a_killed_supervisor_loses_the_job_and_leaves_nothing(
    jobs: Jobs, isolation: Isolation
) -> None:
    text = "setsid sh -c 'echo ready; sleep 60' & sleep 60"
    job = await jobs.start(jobs.order("sh", "-c", text, isolation=isolation))
    await jobs.until_output(b"ready")
    os.kill(_supervisor_of(jobs.left()), signal.SIGKILL)
    with anyio.fail_after(10):
        result = await job.wait()
    assert (result.failure, result.exit_code) == ("lost", None)
    await _until_gone(jobs)
    assert (await jobs.run(jobs.order("true"))).failure is None


async def test_a_killed_fork_server_is_replaced_and_its_jobs_run_on(jobs: Jobs) -> None:
    job = await jobs.start(jobs.order("sh", "-c", "echo ready; while [ ! -e go ]; do :; done"))
    await jobs.until_output(b"ready")
    os.kill(_parent(_supervisor_of(jobs.left())), signal.SIGKILL)
    other = await jobs.start(jobs.order("sh", "-c", "echo other"))
    assert (await other.wait()).failure is None
    (jobs.workspace / "go").touch()
    assert (await job.wait()).failure is None
    assert jobs.left() == []


def _supervisor_of(pids: list[int]) -> int:
    """The first process above these that is not one of the job's own."""
    pid = min(pids)
    while "fork_server" not in _command(pid):
        pid = _parent(pid)
    return pid


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


def _parent(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(stat.rpartition(")")[2].split()[1])


async def _until_gone(jobs: Jobs) -> None:
    with anyio.fail_after(10):
        while jobs.left():  # noqa: ASYNC110 - nobody tells when another's process has ended
            await anyio.sleep(0.02)


EXECUTOR = """
import asyncio, sys
from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.supervision.orders import decode

async def main() -> None:
    order = decode(open(sys.argv[1], "rb").read())
    async with Processes.open() as processes:
        await processes.run(order, lambda stream, chunk: print(chunk.decode(), flush=True))

asyncio.run(main())
"""


@every_level
async def test_a_killed_executor_leaves_no_job_behind(jobs: Jobs, isolation: Isolation) -> None:
    order = jobs.order("sh", "-c", "setsid sleep 60 & echo ready; sleep 60", isolation=isolation)
    written = jobs.workspace.parent / "order"
    written.write_bytes(encode(order))
    async with await anyio.open_process(
        [sys.executable, "-c", EXECUTOR, str(written)], stderr=None
    ) as executor:
        assert executor.stdout is not None
        with anyio.fail_after(30):
            assert (await executor.stdout.receive()).strip() == b"ready"
        executor.kill()
        await executor.wait()
    await _until_gone(jobs)


async def test_a_stopping_executor_ends_the_jobs_that_run(jobs: Jobs) -> None:
    async with Processes.open() as processes:
        await processes.start(jobs.order("sh", "-c", "echo ready; sleep 60"), jobs.sink)
        await jobs.until_output(b"ready")
    await _until_gone(jobs)


async def test_supervisors_are_used_again(jobs: Jobs) -> None:
    await jobs.run(jobs.order("sh", "-c", "echo $PPID"))
    await jobs.run(jobs.order("sh", "-c", "echo $PPID"))
    first, second = jobs.stdout.split()
    assert first == second


async def test_a_job_belongs_to_its_cookie(jobs: Jobs) -> None:
    job = await jobs.start(jobs.order("sh", "-c", "echo ready; sleep 60"))
    await jobs.until_output(b"ready")
    assert len(jobs.left()) >= 1
    assert process_tree.processes_of_job("another") == []
    job.cancel()
    await job.wait()
    assert jobs.left() == []
