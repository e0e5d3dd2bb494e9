"""Disposable folders in which changes are made: a checkout of a commit, and a home."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.execution.job_user import resolve_job_user
from gitops_auditor.pipelines.handlers import Workspace
from gitops_auditor.pipelines.workspaces import (
    RunWorkspaces,
    remove_left_by_the_dead,
    workspaces_folder,
)
from gitops_auditor.repositories.service import RepositoryRegistry
from gitops_auditor.work import Process

# No run is called so: what removes the folders of runs leaves this one alone.
_FOLDER: Final = ".rendering"


class RenderWorkspaces:
    """A folder is named after the process that made it, and goes when that is dead."""

    def __init__(
        self, repositories: RepositoryRegistry, settings: Settings, process: Process
    ) -> None:
        self._repositories = repositories
        self._settings = settings
        self._process = process
        self._numbers = itertools.count(1)
        self._opening = anyio.Lock()
        self._made: RunWorkspaces | None = None

    @asynccontextmanager
    async def open(self, repository_id: str, commit: str) -> AsyncIterator[Workspace]:
        """The folders of one rendering, owned by the job user; gone after the block.

        The first call removes what dead processes left. Raises NotFound for the repository or the
        commit, Unavailable, Refused, TooLarge.
        """
        workspaces = await self._workspaces()
        name = f"{self._process.id}-{next(self._numbers)}"
        try:
            yield await workspaces.open(name, repository_id, commit)
        finally:
            with anyio.CancelScope(shield=True):
                await workspaces.remove(name)

    async def _workspaces(self) -> RunWorkspaces:
        async with self._opening:
            if self._made is None:
                made = RunWorkspaces(self._repositories, await self._settings_below())
                await remove_left_by_the_dead(made, self._process)
                self._made = made
            return self._made

    async def _settings_below(self) -> Settings:
        user = resolve_job_user(self._settings.job_user)
        base = await anyio.to_thread.run_sync(workspaces_folder, self._settings, user)
        return self._settings.model_copy(update={"workspaces": base / _FOLDER})
