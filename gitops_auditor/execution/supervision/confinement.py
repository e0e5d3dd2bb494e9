"""What a job's first process does to itself between fork and exec.

It runs in a child of the supervisor, which has one thread, so ordinary Python is safe here.
"""

import os
import resource
import time
from collections.abc import Mapping

from gitops_auditor.execution.supervision import kernel, landlock, process_tree, seccomp
from gitops_auditor.execution.supervision.orders import Isolation, Limits, Order

_SHARED_PROCESSES = 2
"""Outside a sandbox the kernel counts all tasks of a user, other jobs' too: so much more room."""

_COUNT_SECONDS = 5.0
_counted: dict[int, tuple[float, int]] = {}


def become_job(order: Order, supervisor: int) -> None:
    """Take the job's limits, user and confinement; the caller executes the command then."""
    os.setsid()
    os.umask(0o022)
    _limit(order.limits)
    if order.isolation is not Isolation.BUBBLEWRAP:
        _limit_tasks(order)
    ruleset = _prepare_ruleset(order)
    _drop_user(order)
    if os.geteuid() == 0:
        raise PermissionError("a job may not run as root")
    kernel.die_with_parent()
    if os.getppid() != supervisor:
        os._exit(1)
    if order.isolation is not Isolation.BUBBLEWRAP:
        os.chdir(order.cwd)
        kernel.refuse_new_privileges()
    if ruleset is not None:
        kernel.landlock_restrict(ruleset)
        kernel.install_filter(seccomp.job_filter(internet=order.network))


def _prepare_ruleset(order: Order) -> int | None:
    if order.isolation is not Isolation.LANDLOCK:
        return None
    return landlock.prepare(order.readable, order.writable)


def _limit(limits: Limits) -> None:
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    if limits.cpu_seconds is not None:
        _lower(resource.RLIMIT_CPU, int(limits.cpu_seconds) + 1)


def running_tasks(order: Order) -> int:
    """The tasks of the job's user, as they were at most some seconds ago."""
    uid = order.user[0] if order.user else os.getuid()
    counted, count = _counted.get(uid, (-_COUNT_SECONDS, 0))
    now = time.monotonic()
    if now - counted >= _COUNT_SECONDS:
        count = process_tree.tasks_of_user(uid)
        _counted[uid] = (now, count)
    return count


def _limit_tasks(order: Order) -> None:
    # The watchdog is exact, but a fork bomb may make thousands of processes between two looks.
    if order.limits.processes is not None:
        room = order.limits.processes * _SHARED_PROCESSES
        _lower(resource.RLIMIT_NPROC, running_tasks(order) + room)


def _lower(kind: int, wanted: int | None) -> None:
    if wanted is None:
        return
    _, hard = resource.getrlimit(kind)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(kind, (value, value))


def _drop_user(order: Order) -> None:
    if order.user is None:
        return
    uid, gid = order.user
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def limit_processes(pid: int, order: Order) -> None:
    """Limit the processes of a sandbox by its first one, from outside.

    Since Linux 5.14 they are counted for each user namespace, so other jobs do not count.
    """
    wanted = order.limits.processes
    if wanted is None:
        return
    _take_real_user(order.user)
    try:
        _, hard = resource.prlimit(pid, resource.RLIMIT_NPROC)
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.prlimit(pid, resource.RLIMIT_NPROC, (value, value))
    finally:
        _take_real_user((0, 0) if order.user else None)


def _take_real_user(user: tuple[int, int] | None) -> None:
    # A container's root often lacks CAP_SYS_RESOURCE, and then the real ids have to be the job's.
    if user is not None:
        os.setresgid(user[1], -1, -1)
        os.setresuid(user[0], -1, -1)


def search(command: str, environment: Mapping[str, str]) -> list[str]:
    """The files that a command's name may mean, in the order of the job's PATH."""
    if "/" in command:
        return [command]
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    return [os.path.join(folder or ".", command) for folder in folders]  # noqa: PTH118
