"""Starts a job's first process from its supervisor, plainly or inside bubblewrap."""

import errno
import json
import os
import select
import time
from typing import NamedTuple, NoReturn

from gitops_auditor.execution.supervision import bubblewrap, confinement, seccomp
from gitops_auditor.execution.supervision.orders import Isolation, Order, anonymous_file

_SETUP_SECONDS = 10.0


class CannotStart(Exception):
    """The job's command could not be executed; the text says why."""


class Started(NamedTuple):
    """A running job: `outer` is the supervisor's child, `inner` the first process of the job.

    They differ inside a sandbox, where `inner` ends all of it when it is killed. The job's
    processes are the descendants of `root`.
    """

    outer: int
    inner: int
    root: int


def start(order: Order, stdout: int, stderr: int) -> Started:
    """Start the job. Raises CannotStart; children that it left are the caller's to end."""
    if order.isolation is Isolation.BUBBLEWRAP:
        return _start_in_sandbox(order, stdout, stderr)
    # Counted here, since a child's count is lost to the next job.
    confinement.running_tasks(order)
    candidates = confinement.search(order.argv[0], order.environment)
    pid = _fork(order, stdout, stderr, candidates, order.argv, order.environment, ())
    return Started(pid, pid, os.getpid())


def _fork(
    order: Order,
    stdout: int,
    stderr: int,
    candidates: list[str],
    argv: tuple[str, ...],
    environment: dict[str, str],
    kept: tuple[int, ...],
) -> int:
    supervisor = os.getpid()
    failure_read, failure_write = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        try:
            _redirect(stdout, stderr, kept)
            confinement.become_job(order, supervisor)
            _execute(candidates, argv, environment)
        except BaseException as failure:  # noqa: BLE001 - a forked child must not return
            os.write(failure_write, str(failure).encode()[:4096])
        finally:
            os._exit(127)
    os.close(failure_write)
    failure_text = os.read(failure_read, 4096)
    os.close(failure_read)
    if failure_text:
        os.waitpid(pid, 0)
        raise CannotStart(f"{argv[0]} cannot be started: {failure_text.decode()}.")
    return pid


def _redirect(stdout: int, stderr: int, kept: tuple[int, ...]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    for source, target in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
    for descriptor in kept:
        os.set_inheritable(descriptor, True)


def _execute(candidates: list[str], argv: tuple[str, ...], environment: dict[str, str]) -> NoReturn:
    refused: OSError = FileNotFoundError(errno.ENOENT, "it is not found in the job's PATH")
    for candidate in candidates:
        try:
            os.execve(candidate, argv, environment)  # noqa: S606 - argv is never a shell's text
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as denied:
            refused = denied
    raise refused


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
    try:
        outer = _fork(order, stdout, stderr, candidates, argv, {}, kept)
        for descriptor in kept:
            os.close(descriptor)
        inner = _first_process(status_read)
        confinement.limit_processes(inner, order)
        os.write(hold_write, b"\n")
    finally:
        os.close(status_read)
        os.close(hold_write)
    return Started(outer, inner, inner)


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
