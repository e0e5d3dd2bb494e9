"""The limits, the user and the confinement that a job starts with.

What a process inherits its supervisor takes on itself; what only a process itself can do, it does
between fork and exec: its supervisor has one thread, so ordinary Python is safe there.
"""

import contextlib
import os
import resource
from collections.abc import Iterator, Mapping

from gitops_auditor.execution.supervision import kernel, landlock, seccomp
from gitops_auditor.execution.supervision.orders import Isolation, Limits, Order, Standing

_UMASK = 0o022
_TASKS = resource.RLIMIT_NPROC


def prepare() -> None:
    """Take on what every job inherits from its supervisor."""
    os.umask(_UMASK)
    _lower(resource.RLIMIT_CORE, 0)
    if os.geteuid() == 0:
        os.setgroups([])


def take_on(standing: Standing) -> None:
    """Take on the limits that the supervisor's jobs inherit, for good."""
    _lower(resource.RLIMIT_FSIZE, standing.file_bytes)
    _lower(resource.RLIMIT_NOFILE, standing.open_files)
    _lower(_TASKS, standing.user_tasks)
    kernel.refuse_new_privileges()


@contextlib.contextmanager
def acting_as(user: tuple[int, int] | None) -> Iterator[None]:
    """Be the job's user, and what is executed be nobody else; only the saved ids stay root's.

    Executing a program makes its saved ids those it runs with (execve(2)). Until then they keep
    other processes of that user from tracing this one. Raises PermissionError as root.
    """
    try:
        if user is not None:
            os.setresgid(user[1], user[1], -1)
            os.setresuid(user[0], user[0], -1)
        if os.geteuid() == 0:
            raise PermissionError("a job may not run as root")
        yield
    finally:
        if user is not None:
            os.setresuid(0, 0, -1)
            os.setresgid(0, 0, -1)


def become_job(order: Order, supervisor: int) -> None:
    """Take the job's limits, user and confinement; the caller executes the command then."""
    os.setsid()
    for kind, wanted in _limits(order.limits):
        _lower(kind, wanted)
    _lower(_TASKS, order.user_tasks)
    ruleset = _prepare_ruleset(order)
    _drop_user(order)
    if os.geteuid() == 0:
        raise PermissionError("a job may not run as root")
    kernel.die_with_parent()
    if os.getppid() != supervisor:
        os._exit(1)
    os.chdir(order.cwd)
    kernel.refuse_new_privileges()
    if ruleset is not None:
        kernel.landlock_restrict(ruleset)
        kernel.install_filter(seccomp.job_filter(internet=order.network))


def _prepare_ruleset(order: Order) -> int | None:
    if order.isolation is not Isolation.LANDLOCK:
        return None
    return landlock.prepare(order.readable, order.writable)


def _drop_user(order: Order) -> None:
    if order.user is None:
        return
    uid, gid = order.user
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def _limits(limits: Limits) -> list[tuple[int, int | None]]:
    seconds = None if limits.cpu_seconds is None else int(limits.cpu_seconds) + 1
    return [
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CPU, seconds),
    ]


def _lower(kind: int, wanted: int | None) -> None:
    if wanted is not None:
        value = _at_most(wanted, resource.getrlimit(kind))
        resource.setrlimit(kind, (value, value))


def _at_most(wanted: int, current: tuple[int, int]) -> int:
    _, hard = current
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def limit_sandbox(pid: int, order: Order) -> None:
    """Limit a sandbox by its first process, which waits, from outside.

    Since Linux 5.14 processes are counted for each user namespace, so other jobs do not count.
    """
    # A container's root often lacks CAP_SYS_RESOURCE, and then the real ids have to be the job's.
    with acting_as(order.user):
        for kind, wanted in (*_limits(order.limits), (_TASKS, order.limits.processes)):
            if wanted is not None:
                value = _at_most(wanted, resource.prlimit(pid, kind))
                resource.prlimit(pid, kind, (value, value))


def search(command: str, environment: Mapping[str, str]) -> list[str]:
    """The files that a command's name may mean, in the order of the job's PATH."""
    if "/" in command:
        return [command]
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    return [os.path.join(folder or ".", command) for folder in folders]  # noqa: PTH118
