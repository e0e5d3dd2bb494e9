"""Checkouts for gates: made as those of runs are, in folders of their own.

What makes them is loaded when one is asked for: few commands do.
"""
# ruff: noqa: PLC0415

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import TooLarge
from gitops_auditor.quality.workspaces import Folders
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.wiring.memory_folder import MOST_IN_MEMORY, memory_folder
from gitops_auditor.work import Process

if TYPE_CHECKING:
    from gitops_auditor.pipelines.workspaces import RunWorkspaces

# No run is called so: what removes the folders of runs leaves this one alone.
_FOLDER = ".gates"


class GateWorkspaces:
    """A folder is named after the process that made it, and goes when that is dead."""

    def __init__(
        self, repositories: RepositoryRegistry, settings: Settings, process: Process
    ) -> None:
        self._repositories = repositories
        self._settings = settings
        self._process = process
        self._numbers = itertools.count(1)
        self._on_disk: RunWorkspaces | None = None
        self._in_memory: RunWorkspaces | None = None

    @asynccontextmanager
    async def open(
        self, repository_id: str, commit: str, index: Path | None = None, *, history: bool = True
    ) -> AsyncIterator[Folders]:
        """See `quality.workspaces.Workspaces`."""
        name = f"{self._process.id}-{next(self._numbers)}"
        async with AsyncExitStack() as stack:
            for workspaces in await self._places(history=history):
                stack.push_async_callback(_remove, workspaces, name)
                try:
                    made = await workspaces.open(
                        name, repository_id, commit, index, history=history
                    )
                    break
                except TooLarge:
                    if workspaces is self._on_disk:
                        raise
            yield Folders(made.checkout, made.home, made.commit, made.tree)

    async def _places(self, *, history: bool) -> "list[RunWorkspaces]":
        """Where checkouts are made; in the first of them when it fits in there.

        Whoever wants a history runs programs, of which nobody knows how much they write.
        """
        from gitops_auditor.execution.job_user import resolve_job_user
        from gitops_auditor.pipelines.workspaces import workspaces_folder

        user = resolve_job_user(self._settings.job_user)
        if self._on_disk is None:
            base = await anyio.to_thread.run_sync(workspaces_folder, self._settings, user)
            self._on_disk = await self._below(base, self._settings.job_disk_bytes)
        memory = await anyio.to_thread.run_sync(memory_folder, self._settings, user)
        if history or memory is None:
            return [self._on_disk]
        if self._in_memory is None:
            self._in_memory = await self._below(memory, MOST_IN_MEMORY)
        return [self._in_memory, self._on_disk]

    async def _below(self, base: Path, most_bytes: int) -> "RunWorkspaces":
        from gitops_auditor.pipelines.workspaces import RunWorkspaces, remove_left_by_the_dead

        update = {"workspaces": base / _FOLDER, "job_disk_bytes": most_bytes}
        workspaces = RunWorkspaces(self._repositories, self._settings.model_copy(update=update))
        await remove_left_by_the_dead(workspaces, self._process)
        return workspaces


async def _remove(workspaces: "RunWorkspaces", name: str) -> None:
    with anyio.CancelScope(shield=True):
        await workspaces.remove(name)
