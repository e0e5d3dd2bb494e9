"""What jobs run in: their user, their isolation, and the processes that hold them."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path

import anyio
import anyio.to_thread

from gitops_auditor.config import Settings
from gitops_auditor.errors import Refused
from gitops_auditor.execution.isolation import IsolationReport, probe
from gitops_auditor.execution.job_user import require_reachable, resolve_job_user
from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.supervision.orders import Isolation


class Sandbox:
    """Opening it starts nothing; the first job, or the first question for the level, does."""

    def __init__(self, settings: Settings, processes: Processes) -> None:
        self.processes = processes
        self._settings = settings
        self._report: IsolationReport | None = None
        self._probing = anyio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator["Sandbox"]:
        """Every job that still runs at the end is killed."""
        async with Processes.open() as processes:
            yield cls(settings, processes)

    @cached_property
    def user(self) -> tuple[int, int] | None:
        """The (uid, gid) of jobs; None for this process's own. Raises InvalidSetting."""
        return resolve_job_user(self._settings.job_user)

    async def level(self) -> Isolation:
        """The isolation to run jobs with.

        Raises Refused, with reason and remedy, when this machine offers less than is required;
        without any isolation jobs run only where PIPELINE_ALLOW_UNSANDBOXED says so.
        """
        report = await self.report()
        minimum = Isolation[self._settings.minimum_isolation.upper()]
        return report.require(minimum, allow_unsandboxed=self._settings.allow_unsandboxed)

    async def report(self) -> IsolationReport:
        """What this machine offers, found out by running a job once, and kept for the process."""
        if self._report is not None:
            return self._report
        async with self._probing:
            if self._report is None:
                self._report = await self._probe()
            return self._report

    async def _probe(self) -> IsolationReport:
        folder = await anyio.to_thread.run_sync(_probe_folder, self.user)
        try:
            return await probe(self.processes, folder, self.user)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(folder.rmdir)


def _probe_folder(user: tuple[int, int] | None) -> Path:
    """An empty folder that the job user reaches, and that is not its own."""
    folder = Path(tempfile.mkdtemp(prefix="gitops-probe-", dir=_reachable_parent(user)))
    folder.chmod(0o755)
    return folder


def _reachable_parent(user: tuple[int, int] | None) -> Path:
    first = Path(tempfile.gettempdir())
    for parent in (first, Path("/var/tmp")):  # noqa: S108 - the folder in it has a random name
        try:
            require_reachable(parent / "probe", user)
        except Refused:
            continue
        return parent
    return first
