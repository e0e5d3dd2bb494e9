"""Starts the program of a server through its launcher, and ends it as a whole."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from gitops_auditor.connections.launcher import REAP_SECONDS
from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.supervision.orders import anonymous_file

GRACE_SECONDS: Final = 1.0
"""Between closing a program's input and asking it to end, and again before it is killed."""
END_SECONDS: Final = 2 * GRACE_SECONDS + REAP_SECONDS + 1

_ROOT = str(Path(__file__).resolve().parents[2])
_COMMAND = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from gitops_auditor.connections.launcher import main; main()"
)


@dataclass(frozen=True, slots=True)
class Command:
    """What is started: argv, all of its variables, and its folder (None for the platform's)."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path | None


class Program:
    """A running program; `stdin`, `stdout` and `stderr` are descriptors that do not block."""

    def __init__(self, command: Command) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        self._control = ours
        self._name = command.argv[0]
        order = anonymous_file(_encoded(command))
        descriptors = (theirs.fileno(), order)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _COMMAND, _ROOT, *map(str, descriptors)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                pass_fds=descriptors,
                start_new_session=True,
                env={},
            )
        except OSError as refused:
            ours.close()
            raise _not_started(self._name, refused.strerror) from None
        finally:
            theirs.close()
            os.close(order)
        self._pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self.stdin, self.stdout, self.stderr = (pipe.fileno() for pipe in self._pipes if pipe)
        for descriptor in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(descriptor, False)

    async def started(self) -> None:
        """Wait until the program itself runs. Raises Unavailable when it cannot be started."""
        await anyio.wait_readable(self._control)
        answer = json.loads(self._control.recv(4096) or b'{"error": "its launcher was killed"}')
        if "error" in answer:
            raise _not_started(self._name, answer["error"])

    async def end(self) -> None:
        """Close its input and wait, at most END_SECONDS, until nothing of it is left.

        The launcher goes on with that when the wait is cancelled.
        """
        self._control.close()
        for pipe in self._pipes:
            if pipe is not None:
                pipe.close()
        with anyio.move_on_after(END_SECONDS):
            await _ended(self._process)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


async def _ended(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process.pid)
        try:
            await anyio.wait_readable(descriptor)
        finally:
            os.close(descriptor)


def _encoded(command: Command) -> bytes:
    order = {
        "argv": command.argv,
        "env": dict(command.env),
        "cwd": str(command.cwd) if command.cwd else None,
        "grace": GRACE_SECONDS,
    }
    return json.dumps(order).encode()


def _not_started(name: str, reason: str | None) -> Unavailable:
    return Unavailable(
        f"{name} cannot be started: {reason}.",
        hint="Check `command`, `cwd` and PATH in the file that configures the MCP servers.",
    )
