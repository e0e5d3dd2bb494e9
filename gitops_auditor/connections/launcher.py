"""Owns the program of one server, until nothing of it is left.

It hands its own standard streams on to the program, adopts whatever that orphans, and ends all of
it when the program ends or the platform closes the control socket, which happens however the
platform dies.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from typing import Final

from gitops_auditor.execution.supervision import kernel, process_tree

REAP_SECONDS: Final = 5.0


def main() -> None:
    """Start what the order says; the arguments are two descriptors: control socket and order.

    The order is JSON: `argv`, `env`, `cwd` (or null) and `grace`, the seconds between closing the
    program's input, asking it to end and killing it. The answer on the socket is `{"pid": number}`
    or `{"error": reason}`.
    """
    kernel.become_subreaper()
    control = socket.socket(fileno=int(sys.argv[-2]))
    with os.fdopen(int(sys.argv[-1]), "rb") as file:
        order = json.loads(file.read())
    try:
        program = subprocess.Popen(order["argv"], env=order["env"], cwd=order["cwd"])
    except OSError as refused:
        of = "" if refused.filename in {None, order["argv"][0]} else f"{refused.filename}: "
        control.send(json.dumps({"error": f"{of}{refused.strerror}"}).encode())
        return
    _let_go_of_streams()
    control.send(json.dumps({"pid": program.pid}).encode())
    _watch(program.pid, control, order["grace"])
    process_tree.kill_descendants(os.getpid())
    process_tree.reap_all(REAP_SECONDS)


def _let_go_of_streams() -> None:
    """Only the program holds its streams from now on, so that they end with it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)


def _watch(pid: int, control: socket.socket, grace: float) -> None:
    """Return when the program ended, or had the time to after the control socket was closed."""
    ended = os.pidfd_open(pid)
    if ended in _ready(None, ended, control.fileno()):
        return
    # The platform closed the program's input too, which is the usual way to ask a server to end.
    if not _ready(grace, ended):
        process_tree.send(process_tree.descendants(os.getpid()), signal.SIGTERM)
        _ready(grace, ended)


def _ready(seconds: float | None, *descriptors: int) -> set[int]:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    wait = None if seconds is None else seconds * 1000
    return {descriptor for descriptor, _ in poll.poll(wait)}
