"""Runs the processes of jobs from an event loop: ordered, streamed, bounded, ended as a whole."""

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Literal

import anyio

from gitops_auditor.execution import delegation
from gitops_auditor.execution.results import JobResult, result_of
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.orders import COOKIE, Isolation, Order
from gitops_auditor.execution.supervision.supervisor import CANCEL, OUTPUT_LIMIT
from gitops_auditor.execution.supervisors import Supervisor, Supervisors, UserTasks

Stream = Literal["stdout", "stderr"]
OutputSink = Callable[[Stream, bytes], None]
"""Takes each piece of output as it comes, on the event loop: it must not block."""

_CHUNK = 256 * 1024
"""Bytes that a pipe holds, where the system lets it, and that are taken at once."""
_GATHER_SECONDS = 0.003
"""How long a stream that goes on alone is left to itself after each look.

A process that writes line by line then neither wakes this one for each line nor waits for it.
"""
_ALONE = 8
"""Pieces of one stream, and none of the other, after which it is said to go on alone."""
_IN_HASTE = 64
"""More pieces that are taken at once from a stream that filled its pipe meanwhile."""


class Processes:
    """Starts jobs through supervisors, which are kept for the next job.

    The fork server that makes them is started when the first job needs it.
    """

    def __init__(self) -> None:
        self._supervisors = Supervisors()
        self._user_tasks = UserTasks()
        self._running: set[JobProcess] = set()
        self._cgroups: str | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls) -> AsyncIterator["Processes"]:
        """Every job that still runs at the end is killed."""
        processes = cls()
        try:
            yield processes
        finally:
            await processes.close()

    async def start(self, order: Order, sink: OutputSink) -> "JobProcess":
        """Hand the order to a supervisor.

        Raises Unavailable when no process can be made, and Refused for an order that needs a cgroup
        where there can be none.

        The job's processes start with a variable that holds the order's cookie.
        """
        order = order._replace(
            environment={**order.environment, COOKIE: order.cookie},
            user_tasks=await self._user_tasks.limit(order),
            cgroups=await self.cgroups() if order.isolation is Isolation.CGROUP else None,
        )
        job = JobProcess(order, sink, await self._supervisors.take(order), self._ended)
        self._running.add(job)
        try:
            await job.send()
        except BaseException:
            job.abandon()
            raise
        return job

    async def cgroups(self) -> str:
        """The folder of the cgroups of jobs. Raises Refused where this process was given none."""
        if self._cgroups is None:
            self._cgroups = str(await anyio.to_thread.run_sync(delegation.take))
        return self._cgroups

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

    def _ended(self, job: "JobProcess", supervisor: Supervisor | None) -> None:
        self._running.discard(job)
        if supervisor is not None:
            self._supervisors.give_back(supervisor)

    async def close(self) -> None:
        """Kill every job that still runs."""
        for job in list(self._running):
            job.abandon()
        await self._supervisors.close()


class JobProcess:
    """One job that runs. Its output goes to the sink until the job and all it started ended."""

    def __init__(
        self,
        order: Order,
        sink: OutputSink,
        supervisor: Supervisor,
        on_end: Callable[["JobProcess", Supervisor | None], None],
    ) -> None:
        self.order = order
        self._loop = asyncio.get_running_loop()
        self._sink = sink
        self._output_bytes = 0
        self._supervisor = supervisor
        self._on_end = on_end
        self._pipes: dict[int, Stream] = {}
        self._speaking: int | None = None
        self._pieces = 0
        self._unwatched: int | None = None
        self._ended: asyncio.Future[JobResult] = self._loop.create_future()
        self._lost: asyncio.Task[None] | None = None

    async def send(self) -> None:
        """Send the supervisor the order, and read from then on."""
        outputs = self._pipe("stdout"), self._pipe("stderr")
        try:
            await self._supervisor.run(self.order, *outputs, self._answered)
        finally:
            for descriptor in outputs:
                os.close(descriptor)

    def _pipe(self, stream: Stream) -> int:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reader, False)
        # The user's share of memory for pipes may be used up.
        with contextlib.suppress(OSError):
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, _CHUNK)
        self._pipes[reader] = stream
        self._loop.add_reader(reader, self._take, reader)
        return writer

    def _take(self, reader: int) -> None:
        if reader != self._speaking:
            self._speaking, self._pieces = reader, 0
            if self._unwatched is not None:
                # It was written before what this stream brings.
                self._read(self._unwatched)
                self._watch_again()
        before = self._output_bytes
        if not self._read(reader):
            return
        self._pieces += 1
        if self._output_bytes - before > _CHUNK // 2:
            self._pieces = -_IN_HASTE
        elif self._pieces > _ALONE:
            self._loop.remove_reader(reader)
            self._unwatched = reader
            self._loop.call_later(_GATHER_SECONDS, self._watch_again)

    def _watch_again(self) -> None:
        reader, self._unwatched = self._unwatched, None
        if reader is not None and reader in self._pipes:
            self._loop.add_reader(reader, self._take, reader)

    async def wait(self) -> JobResult:
        """The result, once nothing of the job is left."""
        return await asyncio.shield(self._ended)

    def cancel(self) -> None:
        """Ask the whole process tree to end; what has not after the grace period is killed."""
        self._supervisor.tell(CANCEL)

    def abandon(self) -> None:
        """Let go of the job, which counts as lost; its supervisor kills what there is of it."""
        self._supervisor.close()
        self._finish(None)

    def _read(self, reader: int) -> bool:
        """Take what is there; False when it was nothing."""
        try:
            chunk = os.read(reader, _CHUNK)
        except BlockingIOError:
            return False
        if not chunk:
            self._forget(reader)
            return False
        room = self.order.limits.output_bytes - self._output_bytes
        self._output_bytes += len(chunk)
        if len(chunk) > room >= 0:
            self._supervisor.tell(OUTPUT_LIMIT)
        if room > 0:
            self._sink(self._pipes[reader], chunk[:room])
        return True

    def _answered(self, answer: bytes) -> None:
        if answer:
            self._finish(json.loads(answer))
        else:
            self._lost = self._loop.create_task(self._lose())

    async def _lose(self) -> None:
        # The fork server ends what a dead supervisor leaves, but may have died with it.
        await anyio.to_thread.run_sync(process_tree.kill_job, self.order.cookie)
        if self.order.cgroups is not None:
            await anyio.to_thread.run_sync(delegation.sweep, Path(self.order.cgroups))
        self._finish(None)

    def _finish(self, outcome: dict[str, Any] | None) -> None:
        if self._ended.done():
            return
        # No process of the job is left, so what the pipes hold now is all there will be.
        for reader in list(self._pipes):
            while self._read(reader):
                pass
        for reader in list(self._pipes):
            self._forget(reader)
        result = result_of(self.order, outcome, self._output_bytes)
        if not result.all_gone:
            self._supervisor.close()
        self._on_end(self, self._supervisor if result.all_gone else None)
        self._ended.set_result(result)

    def _forget(self, reader: int) -> None:
        self._loop.remove_reader(reader)
        del self._pipes[reader]
        os.close(reader)
