"""Forks a supervisor whenever the executor announces one.

A small process with one thread: forking it is cheap and safe, and no thread of the executor that
ends takes a job with it. It adopts what a supervisor leaves that was itself killed, and ends it.
"""

import contextlib
import gc
import os
import select
import signal
import socket
import sys

from gitops_auditor.execution.supervision import kernel, process_tree
from gitops_auditor.execution.supervision.orders import receive
from gitops_auditor.execution.supervision.supervisor import supervise

_END_SECONDS = 10.0


def main() -> None:
    """Serve the socket whose descriptor is the last argument, until its other side is closed."""
    kernel.become_subreaper()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.collect()
    gc.freeze()
    gc.disable()
    with socket.socket(fileno=int(sys.argv[-1])) as announced:
        _ForkServer(announced).serve()


class _ForkServer:
    def __init__(self, announced: socket.socket) -> None:
        self.announced = announced
        self.wake_read, self.wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.supervisors: set[int] = set()

    def serve(self) -> None:
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self.announced, select.POLLIN)
        poll.register(self.wake_read, select.POLLIN)
        serving = True
        while serving or self.supervisors:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if self.wake_read in ready:
                self._reap()
            if self.announced.fileno() in ready and not self._accept():
                poll.unregister(self.announced)
                serving = False
        process_tree.kill_descendants(os.getpid())
        process_tree.reap_all(_END_SECONDS)

    def _accept(self) -> bool:
        """Fork one supervisor for the control socket sent; False when the executor is gone."""
        try:
            _, descriptors = receive(self.announced, 1)
        except ConnectionResetError:
            return False
        if not descriptors:
            return False
        pid = os.fork()
        if pid == 0:
            self._become_supervisor(descriptors[0])
        self.supervisors.add(pid)
        os.close(descriptors[0])
        return True

    def _become_supervisor(self, control: int) -> None:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.announced.close()
            os.close(self.wake_read)
            os.close(self.wake_write)
            supervise(socket.socket(fileno=control))
        except BaseException:  # noqa: BLE001 - reported here, a forked child must not return
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(0)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake_read, 4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self.supervisors.discard(ended[0])
        self._end_strangers()

    def _end_strangers(self) -> None:
        """Kill the children that are no supervisors: what one left that ended before its job."""
        for pid in process_tree.children(os.getpid()):
            if pid not in self.supervisors:
                process_tree.kill_descendants(pid)
                process_tree.send((pid,), signal.SIGKILL)
