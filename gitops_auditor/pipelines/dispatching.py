"""Brings runs to the process that carries them out on this machine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
from anyio.abc import TaskGroup

from gitops_auditor.config import Settings
from gitops_auditor.pipelines.executor.lock import ExecutorLock
from gitops_auditor.pipelines.executor.spawning import ensure_executor

if TYPE_CHECKING:
    from gitops_auditor.pipelines.executor.executor import Executor


class LocalDispatcher:
    """Sees to it that some process takes the runs that were added to the database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = ExecutorLock(settings.data_dir)
        self._foreground: tuple[TaskGroup, Executor] | None = None

    async def submitted(self, run_id: str) -> None:
        """The executor of the data folder will see the run; one is started when there is none.

        In the foreground this process carries it out itself, unless another one is the executor.
        """
        if self._foreground is not None:
            executor = self._foreground[1]
            await self.waiting(lambda: executor.carry_out(run_id))
        else:
            await ensure_executor(self._settings)

    async def waiting(self, carry_out: Callable[[], Awaitable[object]]) -> None:
        """As `submitted`, for what is no run; `carry_out` does it in this process.

        Only a process with a foreground calls it.
        """
        if self._foreground is not None and await anyio.to_thread.run_sync(self._lock.is_free):
            self._foreground[0].start_soon(_carried_out, carry_out)
        else:
            await ensure_executor(self._settings)

    @asynccontextmanager
    async def foreground(self, executor: "Executor") -> AsyncIterator[None]:
        """Carry out here what is submitted in the block, which ends when that is over."""
        async with anyio.create_task_group() as tasks:
            self._foreground = (tasks, executor)
            try:
                yield
            finally:
                self._foreground = None


async def _carried_out(carry_out: Callable[[], Awaitable[object]]) -> None:
    await carry_out()
