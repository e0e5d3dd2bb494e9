"""The executor's end of the fork server: starts it, and asks it for supervisors."""

import contextlib
import socket
import subprocess
import sys
from pathlib import Path

import anyio

from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.supervision.supervisor import READY

_ROOT = str(Path(__file__).resolve().parents[2])
_COMMAND = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from gitops_auditor.execution.supervision.fork_server import main; main()"
)
_START_SECONDS = 30.0
_END_SECONDS = 15.0
_DYING_SECONDS = 2.0


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

    def ended(self) -> bool:
        """Whether it ends within a moment, as one does that was just killed; it blocks."""
        try:
            self._process.wait(_DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    async def supervisor(self) -> socket.socket:
        """The control socket of a new supervisor that is ready. Raises Unavailable."""
        ours, theirs = _pair()
        ours.setblocking(False)
        try:
            with theirs:
                await send_descriptors(self._announced, b"s", [theirs.fileno()])
            await _ready(ours)
        except BaseException:
            ours.close()
            raise
        return ours

    def stop(self) -> None:
        """Kill every job, and wait until all have ended; it blocks."""
        self._announced.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


async def _ready(control: socket.socket) -> None:
    with anyio.move_on_after(_START_SECONDS):
        await anyio.wait_readable(control)
        with contextlib.suppress(ConnectionResetError):
            if control.recv(len(READY)) == READY:
                return
    raise Unavailable(
        "No process can be started for a job: the fork server does not answer.",
        hint="Try again; if it persists, look at the machine's memory and process limits.",
    )


def _pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


async def send_descriptors(connection: socket.socket, body: bytes, descriptors: list[int]) -> None:
    """Send one message that carries descriptors. Raises Unavailable when nobody reads."""
    try:
        while not _sent(connection, body, descriptors):
            await anyio.wait_writable(connection)
    except OSError as broken:
        raise Unavailable(
            f"No process can be started for a job: {broken.strerror}.",
            hint="Try again; if it persists, look at the machine's memory and process limits.",
        ) from broken


def _sent(connection: socket.socket, body: bytes, descriptors: list[int]) -> bool:
    try:
        socket.send_fds(connection, [body], descriptors)
    except BlockingIOError:
        return False
    return True
