"""Runs the processes of jobs from an event loop: ordered, streamed, bounded, ended as a whole."""

import asyncio
import contextlib
import json
import os
import select
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import anyio

from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.forking import ForkServer, send_descriptors
from gitops_auditor.execution.results import JobResult, result_of
from gitops_auditor.execution.supervision.orders import COOKIE, Order, anonymous_file, encode
from gitops_auditor.execution.supervision.supervisor import CANCEL, OUTPUT_LIMIT

Stream = Literal["stdout", "stderr"]
OutputSink = Callable[[Stream, bytes], None]
"""Takes each piece of output as it comes, on the event loop: it must not block."""

_CHUNK = 65536


class Processes:
    """Starts jobs through supervisors, which are kept for the next job.

    The fork server that makes them is started when the first job needs it.
    """

    def __init__(self) -> None:
        self._server: ForkServer | None = None
        self._idle: list[socket.socket] = []
        self._running: set[JobProcess] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncIterator["Processes"]:
        """Every job that still runs at the end is killed."""
        processes = cls()
        try:
            yield processes
        finally:
            await processes._close()

    async def start(self, order: Order, sink: OutputSink) -> "JobProcess":
        """Hand the order to a supervisor. Raises Unavailable when no process can be made.

        The job's processes start with a variable that holds the order's cookie.
        """
        order = order._replace(environment={**order.environment, COOKIE: order.cookie})
        job = JobProcess(order, sink, await self._supervisor(), self._ended)
        self._running.add(job)
        try:
            await job.send()
        except BaseException:
            job.abandon()
            raise
        return job

    async def run(self, order: Order, sink: OutputSink) -> JobResult:
        """Run a job to its end; a cancelled caller waits until nothing of it is left."""
        job = await self.start(order, sink)
        try:
            return await job.wait()
        except BaseException:
            job.cancel()
            with anyio.CancelScope(shield=True):
                await job.wait()
            raise

    async def _supervisor(self) -> socket.socket:
        while self._idle:
            kept = self._idle.pop()
            if _alive(kept):
                return kept
            kept.close()
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

    def _ended(self, job: "JobProcess", supervisor: socket.socket | None) -> None:
        self._running.discard(job)
        if supervisor is not None:
            self._idle.append(supervisor)

    async def _close(self) -> None:
        for job in list(self._running):
            job.abandon()
        while self._idle:
            self._idle.pop().close()
        if self._server is not None:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._server.stop)


class JobProcess:
    """One job that runs. Its output goes to the sink until the job and all it started ended."""

    def __init__(
        self,
        order: Order,
        sink: OutputSink,
        control: socket.socket,
        on_end: Callable[["JobProcess", socket.socket | None], None],
    ) -> None:
        self.order = order
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        self._output_bytes = 0
        self._control = control
        self._on_end = on_end
        self._pipes: dict[int, Stream] = {}
        self._ended: asyncio.Future[JobResult] = self._loop.create_future()

    async def send(self) -> None:
        """Send the supervisor the order, and read from then on."""
        descriptors = [anonymous_file(encode(self.order)), self._pipe("stdout")]
        descriptors.append(self._pipe("stderr"))
        try:
            await send_descriptors(self._control, descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        for reader in self._pipes:
            self._loop.add_reader(reader, self._read, reader)
        self._loop.add_reader(self._control, self._answered)

    def _pipe(self, stream: Stream) -> int:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        self._pipes[reader] = stream
        return writer

    async def wait(self) -> JobResult:
        """The result, once nothing of the job is left."""
        return await asyncio.shield(self._ended)

    def cancel(self) -> None:
        """Ask the whole process tree to end; what has not after the grace period is killed."""
        self._tell(CANCEL)

    def abandon(self) -> None:
        """Let go of the job, which counts as lost; its supervisor kills what there is of it."""
        self._finish(None)

    def _tell(self, command: bytes) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError, OSError):
            self._control.send(command)

    def _read(self, reader: int) -> None:
        try:
            chunk = os.read(reader, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._forget(reader)
            return
        room = self.order.limits.output_bytes - self._output_bytes
        self._output_bytes += len(chunk)
        if len(chunk) > room >= 0:
            self._tell(OUTPUT_LIMIT)
        if room > 0:
            self._sink(self._pipes[reader], chunk[:room])

    def _answered(self) -> None:
        try:
            received = self._control.recv(_CHUNK)
        except BlockingIOError:
            return
        except ConnectionResetError:
            received = b""
        self._finish(json.loads(received) if received else None)

    def _finish(self, outcome: dict[str, Any] | None) -> None:
        # No writer is left, so what the pipes hold now is all there will be.
        for reader in list(self._pipes):
            while reader in self._pipes and _readable(reader):
                self._read(reader)
        self._close()
        result = result_of(self.order, outcome, self._output_bytes)
        if not result.all_gone:
            self._control.close()
        self._on_end(self, self._control if result.all_gone else None)
        if not self._ended.done():
            self._ended.set_result(result)

    def _forget(self, reader: int) -> None:
        self._loop.remove_reader(reader)
        del self._pipes[reader]
        os.close(reader)

    def _close(self) -> None:
        for reader in list(self._pipes):
            self._forget(reader)
        self._loop.remove_reader(self._control)


def _alive(control: socket.socket) -> bool:
    try:
        return bool(control.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def _readable(reader: int) -> bool:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    return bool(poll.poll(0))
