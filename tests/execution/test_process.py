"""The end of every job, however it behaves: reported rightly, and nothing of it left."""

import os
import signal
import sys
import time
from pathlib import Path

import anyio

from gitops_auditor.execution.process import Processes, Stream
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.orders import Isolation, encode
from tests.execution.jobs import Jobs, every_level, python

TOLERANCE = 5.0
"""Seconds beyond timeout and grace on a machine that many share; on an idle one it is under 0.5."""


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


async def test_what_a_job_said_on_one_stream_comes_before_what_it_says_next_on_the_other(
    jobs: Jobs,
) -> None:
    pieces: list[tuple[Stream, bytes]] = []
    text = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done; echo late >&2"
    await jobs.processes.run(
        jobs.order("sh", "-c", text), lambda stream, chunk: pieces.append((stream, chunk))
    )
    assert pieces[-1] == ("stderr", b"late\n")
    said = b"".join(chunk for _, chunk in pieces[:-1])
    assert said == b"".join(b"%d\n" % number for number in range(1, 20001))


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
    assert (result.failure, result.reason, result.all_gone) == (None, "", True)
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
async def test_a_killed_supervisor_loses_the_job_and_leaves_nothing(
    jobs: Jobs, isolation: Isolation
) -> None:
    text = "setsid sh -c 'echo ready; sleep 60' & sleep 60"
    job = await jobs.start(jobs.order("sh", "-c", text, isolation=isolation))
    await jobs.until_output(b"ready")
    os.kill(supervisor_of(jobs.left()), signal.SIGKILL)
    with anyio.fail_after(10):
        result = await job.wait()
    assert (result.failure, result.exit_code) == ("lost", None)
    await until_gone(jobs)
    assert (await jobs.run(jobs.order("true"))).failure is None


async def test_a_killed_fork_server_is_replaced_and_its_jobs_run_on(jobs: Jobs) -> None:
    job = await jobs.start(jobs.order("sh", "-c", "echo ready; while [ ! -e go ]; do :; done"))
    await jobs.until_output(b"ready")
    os.kill(parent(supervisor_of(jobs.left())), signal.SIGKILL)
    other = await jobs.start(jobs.order("sh", "-c", "echo other"))
    assert (await other.wait()).failure is None
    (jobs.workspace / "go").touch()
    assert (await job.wait()).failure is None
    assert jobs.left() == []


def supervisor_of(pids: list[int]) -> int:
    """The first process above these that is not one of the job's own."""
    pid = min(pids)
    while "fork_server" not in _command(pid):
        pid = parent(pid)
    return pid


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


def parent(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(stat.rpartition(")")[2].split()[1])


async def until_gone(jobs: Jobs) -> None:
    with anyio.fail_after(10):
        while jobs.left():  # noqa: ASYNC110 - nobody tells when another's process has ended
            await anyio.sleep(0.02)


EXECUTOR = """
import asyncio, sys
from gitops_auditor.execution.process import Processes, Stream
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
    await until_gone(jobs)


async def test_a_stopping_executor_ends_the_jobs_that_run(jobs: Jobs) -> None:
    async with Processes.open() as processes:
        await processes.start(jobs.order("sh", "-c", "echo ready; sleep 60"), jobs.sink)
        await jobs.until_output(b"ready")
    await until_gone(jobs)


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
