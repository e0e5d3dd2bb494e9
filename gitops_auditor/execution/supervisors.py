"""Keeps the supervisors that are not busy, and has new ones made."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable

import anyio

from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.forking import ForkServer, send_descriptors
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.orders import (
    Isolation,
    Order,
    Standing,
    message,
    standing_of,
)

Listener = Callable[[bytes], None]
"""Takes a supervisor's answer; an empty one says that the supervisor is gone."""

_MESSAGE_BYTES = 65536
_MOST_IDLE = 32
_COUNT_SECONDS = 5.0
_SHARED_TASKS = 2
"""Outside a sandbox the kernel counts all tasks of a user, other jobs' too: so much more room."""
_STEPS = 4
"""Room for tasks grows by this part of it, so that a supervisor that took a limit fits for long."""


class Supervisor:
    """One supervisor: it is sent an order and commands, and gives one answer an order."""

    def __init__(self, control: socket.socket, standing: Standing | None) -> None:
        self.standing = standing
        self._control = control
        self._listener: Listener | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(control, self._answered)

    async def run(self, order: Order, stdout: int, stderr: int, listener: Listener) -> None:
        """Send an order; the listener is called on the event loop. Raises Unavailable."""
        body, descriptors = message(order, stdout, stderr)
        self._listener = listener
        try:
            await send_descriptors(self._control, body, descriptors)
        finally:
            for descriptor in descriptors[2:]:
                os.close(descriptor)

    def tell(self, command: bytes) -> None:
        """Send a command for the job that runs, if it still does."""
        with contextlib.suppress(OSError):
            self._control.send(command)

    @property
    def alive(self) -> bool:
        """Whether it can be sent an order; asked while it has none."""
        try:
            return self._control.fileno() >= 0 and bool(self._control.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False

    def close(self) -> None:
        """Let it end, with the job that it runs."""
        self._listener = None
        if self._control.fileno() >= 0:
            self._loop.remove_reader(self._control)
            self._control.close()

    def _answered(self) -> None:
        try:
            received = self._control.recv(_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except ConnectionResetError:
            received = b""
        listener, self._listener = self._listener, None
        if not received:
            self.close()
        if listener is not None:
            listener(received)


class Supervisors:
    """Those that wait for a job, and the fork server, which is started for the first one."""

    def __init__(self) -> None:
        self._server: ForkServer | None = None
        self._idle: list[Supervisor] = []

    async def take(self, order: Order) -> Supervisor:
        """A supervisor that this order's job may inherit its limits from. Raises Unavailable."""
        standing = standing_of(order)
        for place in range(len(self._idle) - 1, -1, -1):
            if self._idle[place].standing == standing:
                kept = self._idle.pop(place)
                if kept.alive:
                    return kept
                kept.close()
        return Supervisor(await self._made(), standing)

    async def _made(self) -> socket.socket:
        try:
            return await self._started_server().supervisor()
        except Unavailable:
            # It may have been killed a moment ago, and not look dead yet.
            server = self._server
            if server is None or not await anyio.to_thread.run_sync(server.ended):
                raise
            return await self._started_server().supervisor()

    def _started_server(self) -> ForkServer:
        if self._server is not None and not self._server.alive:
            self._server.stop()
            self._server = None
        if self._server is None:
            self._server = ForkServer()
        return self._server

    def give_back(self, supervisor: Supervisor) -> None:
        """Keep it for another job; the one that waited longest makes room."""
        self._idle.append(supervisor)
        if len(self._idle) > _MOST_IDLE:
            self._idle.pop(0).close()

    async def close(self) -> None:
        """End the supervisors and the jobs that they run."""
        while self._idle:
            self._idle.pop().close()
        if self._server is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._server.stop)


class UserTasks:
    """Knows about how many processes and threads a user has."""

    def __init__(self) -> None:
        self._counted: dict[int, tuple[float, int]] = {}

    async def limit(self, order: Order) -> int | None:
        """The most tasks that the job's user may have while it runs; None where none is needed.

        A sandbox is counted by itself. Outside the watchdog is exact, but a fork bomb may make
        thousands of processes between two of its looks.
        """
        processes = order.limits.processes
        if processes is None or order.isolation >= Isolation.BUBBLEWRAP:
            return None
        room = processes * _SHARED_TASKS
        step = max(1, room // _STEPS)
        running = await self._running(order.user[0] if order.user else os.getuid())
        return room + -(-running // step) * step

    async def _running(self, uid: int) -> int:
        counted, count = self._counted.get(uid, (-_COUNT_SECONDS, 0))
        now = time.monotonic()
        if now - counted >= _COUNT_SECONDS:
            count = await anyio.to_thread.run_sync(process_tree.tasks_of_user, uid)
            self._counted[uid] = (now, count)
        return count
