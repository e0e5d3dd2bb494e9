"""Runs the programs that make changes: as jobs run, confined, bounded, without secrets."""

import os
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import Unavailable
from gitops_auditor.execution.environment import inherited, job_environment
from gitops_auditor.execution.job_folders import require_job_folders
from gitops_auditor.execution.limits import job_limits
from gitops_auditor.execution.ports import Sandbox
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.supervision.orders import Order
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.pipelines.handlers import Workspace
from gitops_auditor.quality.checks.output import KeptOutput, tail

OpenSandbox = Callable[[], Awaitable[Sandbox]]
"""Gives the sandbox, which is started when it is first asked for; whoever made it closes it."""

_WORK: Final = ("failed", "timeout")
"""Failures of what ran; all others are of what ran it."""
_CREDENTIALS: Final = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Program:
    """One start of a program. `title` names it in failures, for example "The script".

    `folder` is where it runs; `readable` are folders that it needs beside the system's own.
    """

    title: str
    argv: tuple[str, ...]
    folder: Path
    seconds: float
    environment: Mapping[str, str] = field(default_factory=dict)
    network: bool = False
    readable: tuple[str, ...] = ()


class ConfinedPrograms:
    """Starts them in the folders of a rendering, which they may change."""

    def __init__(self, settings: Settings, open_sandbox: OpenSandbox) -> None:
        self._settings = settings
        self._open_sandbox = open_sandbox
        self._inherited = inherited(os.environ)

    async def user(self) -> tuple[int, int] | None:
        """The (uid, gid) that they run as; None for this process's own."""
        return (await self._open_sandbox()).user

    async def run(self, program: Program, workspace: Workspace) -> str:
        """What it wrote on both outputs, shortened in the middle; nothing of it is left running.

        Raises WorkFailed, with the last lines, when it ends with another status than 0, takes too
        long or uses more than jobs may; Unavailable when it could not be run or ended; Refused
        where jobs have too little isolation here.
        """
        sandbox = await self._open_sandbox()
        order = await self._order(program, workspace, sandbox)
        kept = KeptOutput()
        result = await sandbox.processes.run(order, kept.take)
        if result.failure in _WORK:
            raise _failed(program, result, kept.text)
        if result.failure is not None or not result.all_gone:
            raise _broken(program, result)
        return kept.text

    async def _order(self, program: Program, workspace: Workspace, sandbox: Sandbox) -> Order:
        user = sandbox.user
        shown = await anyio.to_thread.run_sync(partial(require_job_folders, self._settings, user))
        return Order(
            argv=program.argv,
            cwd=str(program.folder),
            environment=job_environment(
                self._inherited, program.environment, home=str(workspace.home)
            ),
            cookie=uuid.uuid4().hex,
            timeout=program.seconds,
            grace=self._settings.grace_seconds,
            isolation=await sandbox.level(),
            network=program.network,
            user=user,
            writable=(str(workspace.checkout), str(workspace.home)),
            readable=(*shown, *program.readable),
            limits=job_limits(self._settings),
        )


def _failed(program: Program, result: JobResult, output: str) -> WorkFailed:
    said = _CREDENTIALS.sub("***@", tail(output))
    why = result.reason or "It failed."
    if result.failure == "timeout":
        why = f"It did not finish within {program.seconds:g} seconds."
    return WorkFailed(
        f"{program.title} failed. {why}" + (f" Its last lines:\n{said}\n" if said else ""),
        hint="Correct what it complains of, and make the plan again.",
        details={"exit_code": result.exit_code, "output": said},
    )


def _broken(program: Program, result: JobResult) -> Unavailable:
    why = result.reason or "Something that it started could not be ended."
    return Unavailable(
        f"{program.title} could not be run to its end. {why}",
        hint="Try again; if it stays so, look at the log of the platform.",
    )
