"""What the tasks of a run report to the one coroutine that owns it."""

import asyncio
from typing import NamedTuple

from gitops_auditor.errors import GitOpsError
from gitops_auditor.pipelines.engine.record import Fenced, News
from gitops_auditor.pipelines.handlers import Outcome, Workspace


class AttemptEnded(NamedTuple):
    """An attempt is over; without an outcome because it was told to end."""

    job: str
    number: int
    outcome: Outcome | None
    log_bytes: int


class WorkspaceOpened(NamedTuple):
    """The folders of the run are there."""

    workspace: Workspace


class WorkspaceRefused(NamedTuple):
    """The run can have no folders."""

    error: GitOpsError


Report = AttemptEnded | WorkspaceOpened | WorkspaceRefused | News | Fenced


class Inbox:
    """Reports in the order in which they came. For one event loop and one reader."""

    def __init__(self) -> None:
        self._reports: list[Report] = []
        self._wake = asyncio.Event()

    def put(self, report: Report) -> None:
        """Report something."""
        self._reports.append(report)
        self._wake.set()

    def wake(self) -> None:
        """Let the reader look, though there is nothing to read."""
        self._wake.set()

    def ignore_wakes(self) -> None:
        """What `wake` was called for was looked at."""
        if not self._reports:
            self._wake.clear()

    def drain(self) -> list[Report]:
        """All that was reported since the last time."""
        self._wake.clear()
        reports, self._reports = self._reports, []
        return reports

    async def wait(self, seconds: float) -> None:
        """Until there is a report, somebody called `wake`, or the time is over."""
        timer = asyncio.get_running_loop().call_later(seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()
