"""Starts tools in the sandbox, each with a folder of its own that is removed."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import Refused
from gitops_auditor.execution.environment import inherited, job_environment
from gitops_auditor.execution.job_folders import job_folders, require_job_folders
from gitops_auditor.execution.job_user import hand_over, require_reachable
from gitops_auditor.execution.limits import job_limits
from gitops_auditor.execution.process import Stream
from gitops_auditor.execution.removal import remove_tree
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.execution.supervision.orders import Order
from gitops_auditor.linters import judging, programs
from gitops_auditor.linters.judging import Broken, Outcome
from gitops_auditor.linters.programs import User
from gitops_auditor.linters.tool import Invocation, Local, Program, Request, Tool
from gitops_auditor.linters.turns import Turns

_TOO_LATE: Final = Broken("There was no time left for it.")


class Starter:
    """Starts as many tools at once as there are processors."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self._sandbox = sandbox
        self._settings = settings
        self._processors = Turns(os.cpu_count() or 1)

    @property
    def user(self) -> User:
        """Who tools run as; None for this process's own user."""
        return self._sandbox.user

    async def require_usable(self) -> None:
        """Raise Refused where jobs get less isolation than the settings ask for.

        Raises NotFound and Refused for PIPELINE_JOB_FOLDERS.
        """
        await self._sandbox.level()
        await anyio.to_thread.run_sync(require_job_folders, self._settings, self.user)

    async def program(self, tool: Tool, request: Request) -> Program | None:
        """The installed program of a tool; None when there is none.

        Raises Refused when there is one that the user of jobs cannot reach.
        """
        first = tool.folders(request) if isinstance(tool, Local) else ()
        return await anyio.to_thread.run_sync(programs.find, tool.programs, self.user, first)

    async def start(
        self,
        program: Program,
        invocation: Invocation,
        request: Request,
        deadline: float,
        cost: float,
    ) -> Outcome:
        """Start a program as soon as a processor is free; it is ended at the deadline.

        Of those that wait the one with the highest cost is first.

        A caller that is cancelled waits until nothing of it is left.
        """
        async with self._processors.turn(cost):
            left = deadline - anyio.current_time()
            if left <= 0:
                return _TOO_LATE
            await anyio.to_thread.run_sync(_plant, invocation, request.scratch, self.user)
            order = await self._order(program, invocation, request, left)
            said: dict[Stream, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
            result = await self._sandbox.processes.run(
                order, lambda stream, chunk: said[stream].extend(chunk)
            )
        return judging.outcome_of(result, bytes(said["stdout"]), bytes(said["stderr"]))

    async def _order(
        self, program: Program, invocation: Invocation, request: Request, seconds: float
    ) -> Order:
        shown = await anyio.to_thread.run_sync(programs.readable_folders, program.path, self.user)
        root, scratch = str(request.root), str(request.scratch)
        shown = (*shown, *job_folders(self._settings), *invocation.readable)
        return Order(
            argv=invocation.argv,
            cwd=root,
            environment=job_environment(
                inherited(os.environ), invocation.environment, home=scratch
            ),
            cookie=secrets.token_hex(16),
            timeout=seconds,
            grace=self._settings.grace_seconds,
            isolation=await self._sandbox.level(),
            network=invocation.network,
            user=self.user,
            writable=(scratch, root) if invocation.writable else (scratch,),
            readable=shown if invocation.writable else (*shown, root),
            limits=job_limits(self._settings),
        )

    @asynccontextmanager
    async def folder(self) -> AsyncIterator[Path]:
        """A folder that the user of jobs may write and nobody else reads; removed at the end."""
        made = await anyio.to_thread.run_sync(_new_folder, self.user)
        try:
            yield made
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(remove_tree, made)


def _new_folder(user: User) -> Path:
    made = Path(tempfile.mkdtemp(prefix="gitops-linters-", dir=_temporary(user)))
    try:
        hand_over(made, user)
    except BaseException:
        made.rmdir()
        raise
    return made


def _temporary(user: User) -> str:
    """Where temporary files are, unless that is closed to the user of jobs."""
    usual = tempfile.gettempdir()
    try:
        require_reachable(Path(usual, "folder"), user)
    except Refused:
        return "/var/tmp"  # noqa: S108 - the folder in it has a random name
    return usual


def _plant(invocation: Invocation, scratch: Path, user: User) -> None:
    for name, text in invocation.planted.items():
        # Nothing of the tool runs yet, and the folder is new, so no link can be in the way.
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if invocation.planted:
        hand_over(scratch, user)
