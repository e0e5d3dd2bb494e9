"""Owns one job at a time, from its start until nothing of it is left.

It adopts whatever the job orphans, and ends the job when it is told to, when the job passes a limit
and when the executor is gone: the control socket then reads as ended. Since nothing is left of a
job, the same supervisor can own the next one.
"""

import contextlib
import json
import os
import select
import signal
import socket
import time
from typing import Any

from gitops_auditor.execution.supervision import confinement, kernel, process_tree
from gitops_auditor.execution.supervision.cgroup import JobCgroup
from gitops_auditor.execution.supervision.launching import CannotStart
from gitops_auditor.execution.supervision.orders import (
    Ending,
    Order,
    Standing,
    receive_order,
    standing_of,
)
from gitops_auditor.execution.supervision.starting import Started, start
from gitops_auditor.execution.supervision.watchdog import INTERVAL, Watchdog

READY = b"r"
CANCEL = b"c"
OUTPUT_LIMIT = b"o"
_REAP_SECONDS = 5.0
_COMMANDS: dict[bytes, Ending] = {CANCEL: "cancel", OUTPUT_LIMIT: "output", b"": "cancel"}


def supervise(control: socket.socket) -> None:
    """Run the jobs that the control socket orders, one by one, until its other side is closed.

    It says READY first. A job is a message of `orders.message`. The answer is a message of JSON:
    `{"error": reason}` when the job could not be started, or its `status` (as of waitpid),
    `ending`, `seconds`, `cpu_seconds`, `peak_memory_bytes`, `left` (processes killed after it
    ended) and `gone` (whether all are). The job's outputs are closed after that: the executor
    reads them to their end then, and is not woken twice.
    """
    kernel.become_subreaper()
    confinement.prepare()
    taken: Standing | None = None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        control.send(READY)
        while received := receive_order(control):
            order, stdout, stderr = received
            if taken is None and (taken := standing_of(order)):
                confinement.take_on(taken)
            try:
                control.send(json.dumps(_run(control, order, stdout, stderr)).encode())
            finally:
                os.close(stdout)
                os.close(stderr)


def _run(control: socket.socket, order: Order, stdout: int, stderr: int) -> dict[str, Any]:
    try:
        started = start(order, stdout, stderr)
    except (CannotStart, OSError) as failure:
        process_tree.kill_descendants(os.getpid())
        process_tree.reap_all(_REAP_SECONDS)
        return {"error": str(failure)}
    return _Supervision(order, control, started).run()


class _Supervision:
    def __init__(self, order: Order, control: socket.socket, started: Started) -> None:
        self.order = order
        self.control = control
        self.started = started
        self.watchdog = Watchdog(order, started.root, started.cgroup)
        self.ending: Ending = "exit"
        self.kill_at = float("inf")

    def run(self) -> dict[str, Any]:
        began = time.monotonic()
        self._watch(began + self.order.timeout)
        _, status, usage = os.wait4(self.started.outer, 0)
        if self.started.held is not None:
            os.close(self.started.held)
        left, gone = _end_rest()
        outcome = {
            "status": status,
            "ending": self.ending,
            "seconds": time.monotonic() - began,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_memory_bytes": max(self.watchdog.peak_memory, usage.ru_maxrss * 1024),
            "left": len(left - {self.started.inner}),
            "gone": gone,
        }
        return (
            outcome if self.started.cgroup is None else self._counted(self.started.cgroup, outcome)
        )

    def _counted(self, cgroup: JobCgroup, outcome: dict[str, Any]) -> dict[str, Any]:
        """The outcome as the cgroup has it, which is then removed."""
        if self.ending == "exit" and cgroup.ran_out_of_memory():
            outcome["ending"] = "memory"
        return outcome | {
            "cpu_seconds": cgroup.cpu_seconds(),
            "peak_memory_bytes": max(cgroup.peak_memory(), outcome["peak_memory_bytes"]),
            "gone": cgroup.remove() and outcome["gone"],
        }

    def _watch(self, deadline: float) -> None:
        ended = os.pidfd_open(self.started.outer)
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(ended, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(INTERVAL * 1000)}
            if ended in ready:
                break
            if self.control.fileno() in ready and not self._obey():
                poll.unregister(self.control)
            self._look(deadline)
        os.close(ended)

    def _obey(self) -> bool:
        try:
            command = self.control.recv(1)
        except ConnectionResetError:
            command = b""
        self._end(_COMMANDS[command])
        if not command:
            self._kill()
        return command != b""

    def _look(self, deadline: float) -> None:
        now = time.monotonic()
        if now >= self.kill_at:
            self._kill()
        elif self.ending == "exit" and now >= deadline:
            self._end("timeout")
        elif exceeded := self.watchdog.exceeded():
            self._end(exceeded)

    def _end(self, ending: Ending) -> None:
        """End the job for this reason: gently when somebody waits no longer, else at once."""
        if self.ending == "exit":
            self.ending = ending
        if ending not in {"cancel", "timeout"}:
            self._kill()
        elif self.kill_at == float("inf"):
            self.kill_at = time.monotonic() + self.order.grace
            process_tree.send(process_tree.descendants(self.started.root), signal.SIGTERM)

    def _kill(self) -> None:
        if self.started.cgroup is not None:
            self.started.cgroup.kill()
        process_tree.send((self.started.inner,), signal.SIGKILL)
        process_tree.kill_descendants(os.getpid())


def _end_rest() -> tuple[set[int], bool]:
    """Kill what is left of a job: what that was, and whether it is gone."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return set(), True
    left = process_tree.kill_descendants(os.getpid())
    return left, process_tree.reap_all(_REAP_SECONDS)
