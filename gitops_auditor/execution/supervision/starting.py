"""Starts a job's first process from its supervisor, plainly or inside bubblewrap."""

import json
import os
import select
import time
from typing import NamedTuple

from gitops_auditor.execution.supervision import (
    bubblewrap,
    confinement,
    launching,
    process_tree,
    seccomp,
)
from gitops_auditor.execution.supervision.cgroup import JobCgroup
from gitops_auditor.execution.supervision.launching import CannotStart, Command
from gitops_auditor.execution.supervision.orders import (
    Isolation,
    Order,
    anonymous_file,
    standing_of,
)

_SETUP_SECONDS = 10.0


class Started(NamedTuple):
    """A running job: `outer` is the supervisor's child, `inner` the first process of the job.

    They differ inside a sandbox, where `inner` ends all of it when it is killed. The job's
    processes are the descendants of `root`. `held` is to be closed, and `cgroup` removed, when it
    has ended.
    """

    outer: int
    inner: int
    root: int
    held: int | None = None
    cgroup: JobCgroup | None = None


def start(order: Order, stdout: int, stderr: int) -> Started:
    """Start the job. Raises CannotStart; children that it left are the caller's to end.

    The supervisor stands under the order's limits already.
    """
    if order.isolation >= Isolation.BUBBLEWRAP:
        return _start_in_sandbox(order, stdout, stderr)
    candidates = confinement.search(order.argv[0], order.environment)
    command = Command(candidates, order.argv, order.environment, order.cwd, stdout, stderr)
    if standing_of(order) is None:
        pid = launching.fork(command, order)
    else:
        pid = launching.spawn(command, order.user)
    return Started(pid, pid, os.getpid())


def _start_in_sandbox(order: Order, stdout: int, stderr: int) -> Started:
    program = seccomp.job_filter(internet=True)
    options = b"".join(os.fsencode(option) + b"\0" for option in bubblewrap.arguments(order))
    status_read, status_write = os.pipe2(os.O_CLOEXEC)
    hold_read, hold_write = os.pipe2(os.O_CLOEXEC)
    kept = (anonymous_file(options), anonymous_file(program), status_write, hold_read)
    argv = (
        *("bwrap", "--args", str(kept[0]), "--seccomp", str(kept[1])),
        *("--json-status-fd", str(status_write), "--block-fd", str(hold_read)),
        *("--", *order.argv),
    )
    candidates = confinement.search("bwrap", {"PATH": os.defpath + ":/usr/local/bin"})
    command = Command(candidates, argv, {}, "/", stdout, stderr, kept)
    try:
        outer = _spawn_and_close(command, order)
        inner = _first_process(status_read)
        confinement.limit_sandbox(inner, order)
        cgroup = _cgroup_of(order, inner)
        os.write(hold_write, b"\n")
    except BaseException:
        # To close what holds a sandbox back lets it go on.
        process_tree.kill_descendants(os.getpid())
        os.close(status_read)
        raise
    finally:
        os.close(hold_write)
    # bwrap reports the end there, and is ended itself when nobody can read that.
    return Started(outer, inner, inner, status_read, cgroup)


def _cgroup_of(order: Order, inner: int) -> JobCgroup | None:
    if order.isolation is not Isolation.CGROUP:
        return None
    if order.cgroups is None:
        raise CannotStart("There is no place for the job's cgroup.")
    cgroup = JobCgroup(order.cgroups, order.limits)
    try:
        cgroup.add(inner)
    except OSError:
        cgroup.remove()
        raise
    return cgroup


def _spawn_and_close(command: Command, order: Order) -> int:
    try:
        return launching.spawn(command, order.user)
    finally:
        for descriptor in command.kept:
            os.close(descriptor)


def _first_process(status: int) -> int:
    received = b""
    deadline = time.monotonic() + _SETUP_SECONDS
    while b"\n" not in received and (left := deadline - time.monotonic()) > 0:
        if select.select([status], [], [], left)[0]:
            chunk = os.read(status, 4096)
            if not chunk:
                break
            received += chunk
    try:
        return int(json.loads(received.partition(b"\n")[0])["child-pid"])
    except (ValueError, KeyError):
        raise CannotStart("The sandbox could not be set up; its reason is in the output.") from None
