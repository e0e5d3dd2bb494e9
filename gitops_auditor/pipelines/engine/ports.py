"""What the engine needs of others, in its own words; whoever opens the engine hands it over."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from gitops_auditor.pipelines.handlers import AttemptLog, Workspace


class Workspaces(Protocol):
    """The folders of runs."""

    async def open(self, run_id: str, repository_id: str, commit_sha: str) -> Workspace:
        """The folders of a run, made when they are not there.

        Safe to repeat: a run that another process takes over gets what the first one left. Raises
        a GitOpsError when there can be none, for instance because the commit is not known.
        """

    async def remove(self, run_id: str) -> None:
        """Take the folders away; it does nothing when there are none."""


class GrowingLog(AttemptLog, Protocol):
    """A log that says how much was written to it."""

    @property
    def size(self) -> int:
        """Bytes written so far."""


class LogStore(Protocol):
    """The logs of attempts."""

    async def open(self, run_id: str, job: str, attempt: int) -> GrowingLog:
        """A new log. Raises Unavailable when it cannot be made."""


FaultPoint = Callable[[str], Awaitable[None]]
"""Is awaited at each named point of a run at which a process may die."""


async def no_fault(_point: str) -> None:
    """Nothing happens."""
