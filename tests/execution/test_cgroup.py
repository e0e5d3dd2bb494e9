"""What the kernel keeps for a job that has a cgroup, and that nothing of it stays behind."""

import shlex

import pytest

from gitops_auditor.execution import delegation
from gitops_auditor.execution.supervision.cgroup import PREFIX
from gitops_auditor.execution.supervision.orders import Isolation, Limits
from tests.execution.jobs import Jobs, python, why_no_cgroups

pytestmark = [
    pytest.mark.machine,
    pytest.mark.skipif(why_no_cgroups() != "", reason=why_no_cgroups()),
]


def left() -> list[str]:
    """The cgroups of jobs that there are."""
    return [path.name for path in delegation.find().glob(f"{PREFIX}*")]


async def test_a_hog_is_killed_by_the_kernel_at_its_limit(jobs: Jobs) -> None:
    hog = """
        held = []
        while True:
            held.append(bytearray(b"x") * 2**20)
    """
    limits = Limits(memory_bytes=64 * 2**20)
    result = await jobs.run(jobs.order(*python(hog), isolation=Isolation.CGROUP, limits=limits))
    assert (result.failure, result.exceeded) == ("failed", "memory")
    assert result.peak_memory_bytes <= 64 * 2**20 + 2**20
    assert left() == []


async def test_files_in_memory_count(jobs: Jobs) -> None:
    order = jobs.order(
        *("sh", "-c", "head -c 100000000 /dev/zero > /tmp/fill; echo filled"),
        isolation=Isolation.CGROUP,
        limits=Limits(memory_bytes=64 * 2**20),
    )
    result = await jobs.run(order)
    assert (result.exceeded, jobs.stdout) == ("memory", "")


async def test_a_quota_bounds_the_processors_of_a_job(jobs: Jobs) -> None:
    spin = """
        import time
        end = time.monotonic() + 2
        while time.monotonic() < end:
            pass
    """
    limits = Limits(cpus=0.25)
    result = await jobs.run(jobs.order(*python(spin), isolation=Isolation.CGROUP, limits=limits))
    assert result.failure is None
    assert result.cpu_seconds < 0.4 * result.seconds


async def test_processor_time_counts_children_that_nobody_waited_for(jobs: Jobs) -> None:
    spin = "import itertools, time; any(time.process_time() > 0.3 for _ in itertools.count())"
    text = f"{shlex.join(python(spin))} & wait"
    order = jobs.order("sh", "-c", text, isolation=Isolation.CGROUP)
    assert (await jobs.run(order)).cpu_seconds >= 0.3
    assert left() == []


def test_what_ended_processes_left_is_swept_away() -> None:
    left_behind = delegation.take() / f"{PREFIX}4194305-left"
    left_behind.mkdir()
    delegation.take()
    assert not left_behind.exists()
