"""The tasks beside a run: its folders, who else writes about it, what has to be killed."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import anyio
import anyio.to_thread

from gitops_auditor.errors import GitOpsError, Unavailable
from gitops_auditor.execution.supervision.process_tree import kill_job
from gitops_auditor.log import get_logger
from gitops_auditor.pipelines.engine.inbox import Inbox, WorkspaceOpened, WorkspaceRefused
from gitops_auditor.pipelines.engine.options import EngineParts
from gitops_auditor.pipelines.engine.record import LoadedRun
from gitops_auditor.pipelines.engine.watching import watch

REMOVAL_SECONDS: Final = 60.0

_log = get_logger("pipelines")


class Helpers:
    """Tasks that belong to one run, and end with it."""

    def __init__(self, run: LoadedRun, parts: EngineParts, inbox: Inbox) -> None:
        self._run = run
        self._parts = parts
        self._inbox = inbox
        self._tasks: set[asyncio.Task[None]] = set()
        self._kills: set[asyncio.Task[None]] = set()

    def watch(self, seen: int) -> None:
        """Report what others write after the journal's version `seen`."""
        self._start(self._tasks, watch(self._parts.journal, self._run.claim, self._inbox, seen))

    def open_workspace(self) -> None:
        """Report the folders of the run, or why there are none."""
        self._start(self._tasks, self._open_workspace())

    def kill(self, cookie: str) -> None:
        """Kill the processes of an attempt that did not end."""
        self._start(self._kills, kill(cookie))

    async def remove_workspace(self) -> None:
        """Take the folders of the run away, for nothing will use them any more."""
        await self.end()
        fault, run_id = self._parts.fault, self._run.identity.id
        fault("removal.before")
        try:
            with anyio.fail_after(REMOVAL_SECONDS, shield=True):
                await self._parts.workspaces.remove(run_id)
        except (GitOpsError, TimeoutError) as error:
            _log.warning("the folders of a run stay", run=run_id, reason=str(error))
        fault("removal.after")

    async def end(self) -> None:
        """Stop all tasks, and wait for them."""
        for task in self._tasks:
            task.cancel()
        tasks = [*self._tasks, *self._kills]
        if tasks:
            with anyio.CancelScope(shield=True):
                await asyncio.wait(tasks)

    def _start(self, group: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        group.add(task)
        task.add_done_callback(group.discard)

    async def _open_workspace(self) -> None:
        run, fault = self._run.identity, self._parts.fault
        fault("workspace.before")
        try:
            workspace = await self._parts.workspaces.open(
                run.id, run.repository_id, run.commit_sha or ""
            )
        except GitOpsError as error:
            self._inbox.put(WorkspaceRefused(error))
        except Exception as error:  # noqa: BLE001 - the top of a task: nobody above could answer
            _log.error("the folders of a run cannot be made", run=run.id, exc_info=error)
            message = f"Its folders could not be made ({type(error).__name__}); see the log."
            self._inbox.put(WorkspaceRefused(Unavailable(message, hint="Report this.")))
        else:
            fault("workspace.after")
            self._inbox.put(WorkspaceOpened(workspace))


async def kill(cookie: str) -> None:
    """Kill what runs on this machine with the cookie of an attempt."""
    if not await anyio.to_thread.run_sync(kill_job, cookie):
        _log.error("processes of a job cannot be killed", cookie=cookie)
