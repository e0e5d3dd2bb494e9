"""Checkouts for gates: made as those of runs are, in folders of their own.

What makes them is loaded when one is asked for: few commands do.
"""
# ruff: noqa: PLC0415

import itertools
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.quality.workspaces import Folders
from gitops_auditor.repositories.service import RepositoryRegistry
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
        self._opened: RunWorkspaces | None = None

    @asynccontextmanager
    async def open(
        self, repository_id: str, commit: str, index: Path | None = None
    ) -> AsyncIterator[Folders]:
        """See `quality.workspaces.Workspaces`."""
        workspaces = await self._workspaces()
        name = f"{self._process.id}-{next(self._numbers)}"
        try:
            made = await workspaces.open(name, repository_id, commit, index)
            yield Folders(made.checkout, made.home, made.commit, made.tree)
        finally:
            with anyio.CancelScope(shield=True):
                await workspaces.remove(name)

    async def _workspaces(self) -> "RunWorkspaces":
        from gitops_auditor.execution.job_user import resolve_job_user
        from gitops_auditor.pipelines.workspaces import RunWorkspaces, workspaces_folder

        if self._opened is None:
            user = resolve_job_user(self._settings.job_user)
            base = await anyio.to_thread.run_sync(workspaces_folder, self._settings, user)
            settings = self._settings.model_copy(update={"workspaces": base / _FOLDER})
            workspaces = RunWorkspaces(self._repositories, settings)
            await workspaces.remove_leftovers(self._of_the_dead)
            self._opened = workspaces
        return self._opened

    async def _of_the_dead(self, names: Sequence[str]) -> Collection[str]:
        owners = {name: name.rpartition("-")[0] for name in names}
        alive = {owner: await self._process.alive(owner) for owner in set(owners.values())}
        return [name for name, owner in owners.items() if not alive[owner]]
