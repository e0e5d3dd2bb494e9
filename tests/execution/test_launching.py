"""What a job's first process starts with, whichever way it was made."""

import os
import signal

import anyio
import pytest

from gitops_auditor.execution.supervision.orders import Isolation, Limits
from tests.execution.jobs import NOBODY, Jobs, every_level, python
from tests.execution.test_process import parent, supervisor_of, until_gone

OF_THE_C_LIBRARY = 0b11 << 31
"""Signals 32 and 33, which it keeps for itself and ignores in what it spawns."""


@every_level
async def test_a_job_ignores_and_blocks_no_signal(jobs: Jobs, isolation: Isolation) -> None:
    look = ("grep", "-hE", "^Sig(Blk|Ign)", "/proc/self/status")
    await jobs.run(jobs.order(*look, isolation=isolation))
    masks = [int(mask, 16) & ~OF_THE_C_LIBRARY for mask in jobs.stdout.split()[1::2]]
    assert masks == [0, 0]


@every_level
async def test_a_writer_ends_with_its_reader(jobs: Jobs, isolation: Isolation) -> None:
    result = await jobs.run(jobs.order("sh", "-c", "yes | head -n 1", isolation=isolation))
    assert (result.failure, jobs.stdout, jobs.stderr) == (None, "y\n", "")


@every_level
async def test_a_job_of_a_service_that_runs_as_root_keeps_nothing_of_root(
    jobs: Jobs, isolation: Isolation
) -> None:
    if NOBODY is None:
        pytest.skip("run the tests as root for this")
    look = """
        import os
        names = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs")
        for line in open("/proc/self/status"):
            if line.split(":")[0] in names:
                print(*line.split())
        for become in (os.setuid, os.setgid):
            try:
                become(0)
            except OSError:
                print("refused")
    """
    await jobs.run(jobs.order(*python(look), isolation=isolation))
    uid, gid = map(str, NOBODY)
    none = "0" * 16
    assert jobs.stdout.splitlines() == [
        " ".join(["Uid:", *[uid] * 4]),
        " ".join(["Gid:", *[gid] * 4]),
        "Groups:",
        *(f"{name}: {none}" for name in ("CapInh", "CapPrm", "CapEff")),
        f"CapAmb: {none}",
        "NoNewPrivs: 1",
        "refused",
        "refused",
    ]


LIMITS = """
    import resource
    for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
        print(*resource.getrlimit(kind))
"""


@every_level
async def test_each_job_has_its_own_limits_and_cannot_raise_them(
    jobs: Jobs, isolation: Isolation
) -> None:
    for size, files, seconds in ((2**20, 64, 5), (2**30, 512, 60), (2**25, 24, 9)):
        jobs.output["stdout"].clear()
        limits = Limits(file_bytes=size, open_files=files, cpu_seconds=seconds)
        order = jobs.order(*python(LIMITS), isolation=isolation, limits=limits)
        assert (await jobs.run(order)).failure is None
        expected = [f"{value} {value}" for value in (size, files, seconds + 1)]
        assert jobs.stdout.splitlines() == expected


@every_level
async def test_the_kernel_bounds_the_processes_of_a_job(jobs: Jobs, isolation: Isolation) -> None:
    look = "import resource; print(*resource.getrlimit(resource.RLIMIT_NPROC))"
    order = jobs.order(*python(look), isolation=isolation, limits=Limits(processes=100))
    await jobs.run(order)
    soft, hard = map(int, jobs.stdout.split())
    assert soft == hard
    assert hard >= 100


@every_level
async def test_long_orders_reach_their_job(jobs: Jobs, isolation: Isolation) -> None:
    long = {"LONG": "x" * 100_000}
    order = jobs.order("sh", "-c", "echo ${#LONG}", isolation=isolation, environment=long)
    await jobs.run(order)
    assert jobs.stdout == "100000\n"


@every_level
async def test_a_folder_that_is_not_there_is_an_error_of_the_machinery(
    jobs: Jobs, isolation: Isolation
) -> None:
    order = jobs.order("true", isolation=isolation)._replace(cwd=str(jobs.workspace / "missing"))
    result = await jobs.run(order)
    assert result.failure in {"errored", "failed"}
    assert "missing" in result.reason + jobs.stderr


@every_level
async def test_a_job_ends_with_its_supervisor_when_the_fork_server_cannot_end_it(
    jobs: Jobs, isolation: Isolation
) -> None:
    text = "setsid sh -c 'echo ready; sleep 60' & sleep 60"
    job = await jobs.start(jobs.order("sh", "-c", text, isolation=isolation))
    await jobs.until_output(b"ready")
    supervisor = supervisor_of(jobs.left())
    server = parent(supervisor)
    os.kill(server, signal.SIGSTOP)
    try:
        os.kill(supervisor, signal.SIGKILL)
        with anyio.fail_after(20):
            assert (await job.wait()).failure == "lost"
        await until_gone(jobs)
    finally:
        os.kill(server, signal.SIGKILL)
