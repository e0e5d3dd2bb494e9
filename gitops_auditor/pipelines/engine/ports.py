"""What the engine needs of others, in its own words; whoever opens the engine hands it over."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Literal, Protocol

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

    async def remove_leftovers(
        self, over: Callable[[Sequence[str]], Awaitable[Collection[str]]]
    ) -> list[str]:
        """Take away the folders of those runs that `over` answers with, of all that have some."""


class GrowingLog(AttemptLog, Protocol):
    """A log that says how much was written to it."""

    @property
    def size(self) -> int:
        """Bytes written so far."""


class LogStore(Protocol):
    """The logs of attempts."""

    async def open(self, run_id: str, job: str, attempt: int) -> GrowingLog:
        """A new log. Raises Unavailable when it cannot be made."""


Point = Literal[
    "claim.before",
    "claim.after",
    "recovery.before",
    "recovery.after",
    "workspace.before",
    "workspace.after",
    "commit.before",
    "commit.after",
    "attempt.before",
    "attempt.after",
    "end.before",
    "end.after",
    "removal.before",
    "removal.after",
]
"""Where a process may die: before and after all that it leaves for others to find."""

FaultPoint = Callable[[Point], None]
"""Is called at each point; what it does there is up to who opens the engine."""


def no_fault(_point: Point) -> None:
    """Nothing happens."""
