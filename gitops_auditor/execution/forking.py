"""The executor's end of the fork server: starts it, and asks it for supervisors."""

import socket
import subprocess
import sys
from pathlib import Path

import anyio

from gitops_auditor.errors import Unavailable

_ROOT = str(Path(__file__).resolve().parents[2])
_COMMAND = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from gitops_auditor.execution.supervision.fork_server import main; main()"
)
_END_SECONDS = 15.0


class ForkServer:
    """A running fork server; it ends when it is stopped or when this process is gone."""

    def __init__(self) -> None:
        ours, theirs = _pair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _COMMAND, _ROOT, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env={},
            )
        ours.setblocking(False)
        self._announced = ours

    @property
    def alive(self) -> bool:
        """Whether it can still be asked for supervisors."""
        return self._process.poll() is None

    async def supervisor(self) -> socket.socket:
        """The control socket of a new supervisor."""
        ours, theirs = _pair()
        ours.setblocking(False)
        with theirs:
            await send_descriptors(self._announced, [theirs.fileno()])
        return ours

    def stop(self) -> None:
        """Kill every job, and wait until all have ended; it blocks."""
        self._announced.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


async def send_descriptors(connection: socket.socket, descriptors: list[int]) -> None:
    """Send one message that carries descriptors. Raises Unavailable when nobody reads."""
    try:
        while not _sent(connection, descriptors):
            await anyio.wait_writable(connection)
    except OSError as broken:
        raise Unavailable(
            f"No process can be started for a job: {broken.strerror}.",
            hint="Try again; if it persists, look at the machine's memory and process limits.",
        ) from broken


def _sent(connection: socket.socket, descriptors: list[int]) -> bool:
    try:
        socket.send_fds(connection, [b"j"], descriptors)
    except BlockingIOError:
        return False
    return True
