"""Makes the lock files of edited manifests anew."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import anyio.to_thread

from gitops_auditor.errors import NotFound, Refused, TooLarge
from gitops_auditor.execution.collecting import read_left
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.confined import ConfinedPrograms
from gitops_auditor.orchestrator.rendering.locks.belonging import Belonging, belonging, beside
from gitops_auditor.orchestrator.rendering.locks.ecosystem import Asked, Ecosystem
from gitops_auditor.orchestrator.rendering.locks.laying import lay_over
from gitops_auditor.orchestrator.rendering.locks.models import Renewed
from gitops_auditor.orchestrator.rendering.locks.table import ECOSYSTEMS
from gitops_auditor.orchestrator.rendering.locks.terraform_modules import callers
from gitops_auditor.orchestrator.rendering.locks.tools import Tool, Tools
from gitops_auditor.orchestrator.rendering.renderer import RenderRequest
from gitops_auditor.orchestrator.rendering.workspaces import RenderWorkspaces
from gitops_auditor.pipelines.handlers import Workspace
from gitops_auditor.repositories.revisions import Revisions

MOST_BYTES: Final = 64 * 2**20
"""The largest lock file that is read."""


class _Lock(NamedTuple):
    """A lock file that is to be made anew: what it holds, and with which tool."""

    one: Belonging
    old: bytes
    tool: Tool

    @property
    def ecosystem(self) -> Ecosystem:
        return self.one.ecosystem


class LockRenewal:
    """Runs each ecosystem's own tool, confined, in a checkout with the edited manifests.

    Nothing is kept of what a tool writes but the lock file, and of Go modules `go.mod`, which its
    tool keeps in line with it. What a tool resolves depends on what registries offer at the time.
    """

    def __init__(
        self,
        revisions: Revisions,
        workspaces: RenderWorkspaces,
        programs: ConfinedPrograms,
        ecosystems: Sequence[Ecosystem] = ECOSYSTEMS,
    ) -> None:
        self._revisions = revisions
        self._workspaces = workspaces
        self._programs = programs
        self._tools = Tools(programs)
        self._ecosystems = ecosystems

    async def renew(
        self, request: RenderRequest, files: Mapping[str, bytes], changed: Collection[str]
    ) -> Renewed:
        """See `LockFiles`. No tool is started when one is missing."""
        paths = frozenset(await self._revisions.paths(request.repository, request.base_commit))
        read = partial(self._edited, request, files)
        edited = {*changed, *await callers(paths, changed, read)}
        locks = await self._locks(request, files, belonging(self._ecosystems, paths, edited))
        made: dict[str, bytes | None] = {}
        notes: list[str] = []
        if locks:
            async with self._opened(request, files, locks) as workspace:
                for lock in locks:
                    command = await self._run(lock, request, workspace)
                    made.update(await _taken(lock, request, files, workspace.checkout))
                    notes += _notes(lock.one, command, paths)
        return Renewed(made, tuple(notes))

    async def _locks(
        self, request: RenderRequest, files: Mapping[str, bytes], found: Sequence[Belonging]
    ) -> list[_Lock]:
        locks = []
        for one in found:
            if one.marker and not await self._is_shared(request, files, one):
                continue
            old = await self._content(request, one.path)
            if one.ecosystem.form(old):
                locks.append(_Lock(one, old, await self._tools.find(one)))
        return locks

    async def _is_shared(
        self, request: RenderRequest, files: Mapping[str, bytes], one: Belonging
    ) -> bool:
        """Whether the folder of the lock file says that folders below share it."""
        marker = one.ecosystem.workspace
        said = await self._edited(request, files, one.marker)
        return marker is not None and marker.pattern.search(said) is not None

    async def _edited(self, request: RenderRequest, files: Mapping[str, bytes], path: str) -> bytes:
        """The file as it is after the edits; empty for what is no plain file."""
        if path in files:
            return files[path]
        repository, commit = request.repository, request.base_commit
        return await self._revisions.file(repository, commit, path, MOST_BYTES) or b""

    async def _content(self, request: RenderRequest, path: str) -> bytes:
        repository, commit = request.repository, request.base_commit
        content = await self._revisions.file(repository, commit, path, MOST_BYTES)
        if content is None:
            raise WorkFailed(
                f"{path} cannot be made anew: it is no plain file.",
                hint="Replace it by a plain file, or remove it.",
            )
        return content

    @asynccontextmanager
    async def _opened(
        self, request: RenderRequest, files: Mapping[str, bytes], locks: Sequence[_Lock]
    ) -> AsyncIterator[Workspace]:
        """The checkout with the edited manifests, and lock files as tools want to find them."""
        name = _name(request)
        prepared = {
            lock.one.path: lock.ecosystem.prepared(Asked(name, lock.old), lock.old)
            for lock in locks
        }
        async with self._workspaces.open(request.repository.id, request.base_commit) as workspace:
            user = await self._programs.user()
            lay = partial(lay_over, workspace.checkout, {**files, **prepared}, user)
            await anyio.to_thread.run_sync(lay)
            yield workspace

    async def _run(self, lock: _Lock, request: RenderRequest, workspace: Workspace) -> str:
        return await self._tools.run(lock.tool, lock.one, workspace, _name(request), lock.old)


def _name(request: RenderRequest) -> str:
    return request.change.name if isinstance(request.change, BumpDependency) else ""


async def _taken(
    lock: _Lock, request: RenderRequest, files: Mapping[str, bytes], checkout: Path
) -> dict[str, bytes]:
    """What the tool changed: the lock file, and what it keeps in line with it."""
    new = await anyio.to_thread.run_sync(_left, checkout, lock)
    new[lock.one.path] = lock.ecosystem.settled(lock.old, new[lock.one.path], request.moment)
    before = {**files, lock.one.path: lock.old}
    return {path: content for path, content in new.items() if content != before.get(path)}


def _left(checkout: Path, lock: _Lock) -> dict[str, bytes]:
    one = lock.one
    paths = [one.path, *(beside(one.folder, name) for name in lock.ecosystem.also)]
    try:
        return {path: read_left(checkout, path, max_bytes=MOST_BYTES) for path in paths}
    except (NotFound, Refused, TooLarge) as error:
        raise WorkFailed(
            f"{lock.ecosystem.program} left no {one.path} that can be taken: {error.message}",
            hint="Make the lock file anew by hand, and see what it does.",
        ) from None


def _notes(one: Belonging, command: str, paths: Collection[str]) -> list[str]:
    notes = [f"{one.path} was made anew: {command}"]
    for name in one.ecosystem.copies:
        folder = beside(one.folder, name)
        if any(path.startswith(folder) for path in paths):
            notes.append(f"{folder} holds packages of before: it was not made anew.")
    return notes
