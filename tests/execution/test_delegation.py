"""Where a process's own cgroup is, and what is said when it was given none."""

from pathlib import Path

import pytest

from gitops_auditor.execution.delegation import own_folder
from gitops_auditor.execution.isolation import probe
from gitops_auditor.execution.supervision.orders import Isolation
from tests.execution.jobs import NOBODY, Jobs, why_no_cgroups

SERVICE = "0::/system.slice/gitops.service\n"
UNIFIED = "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
LEGACY = "35 30 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:15 - cgroup cgroup rw,memory\n"
HYBRID = "32 30 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw\n"
SPLIT = "/sys/fs/cgroup/unified"
CONTAINER = "31 23 0:27 /machine/one /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw\n"


@pytest.mark.parametrize(
    ("cgroup", "mountinfo", "expected"),
    [
        (SERVICE, UNIFIED, "/sys/fs/cgroup/system.slice/gitops.service"),
        (
            f"4:memory:/one\n{SERVICE}",
            LEGACY + HYBRID,
            f"{SPLIT}/system.slice/gitops.service",
        ),
        ("0::/machine/one/job\n", CONTAINER, "/sys/fs/cgroup/job"),
        ("0::/\n", UNIFIED, "/sys/fs/cgroup"),
        (SERVICE, CONTAINER, None),
        (SERVICE, LEGACY, None),
        ("4:memory:/one\n", LEGACY, None),
    ],
)
def test_the_folder_of_a_cgroup_follows_from_where_its_tree_is_mounted(
    cgroup: str, mountinfo: str, expected: str | None
) -> None:
    assert own_folder(cgroup, mountinfo) == (None if expected is None else Path(expected))


async def test_the_probe_says_what_keeps_jobs_from_cgroups(jobs: Jobs) -> None:
    if not why_no_cgroups():
        pytest.skip("run the tests without a delegated cgroup for this")
    folder = jobs.workspace.parent / "probe"
    folder.mkdir(mode=0o755)
    report = await probe(jobs.processes, folder, NOBODY)
    obstacle = report.obstacles[0]
    assert obstacle.level is Isolation.CGROUP
    assert "cgroup" in obstacle.reason
    assert obstacle.remedy
