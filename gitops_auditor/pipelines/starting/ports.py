"""What the triggers need of the rest: who starts runs, refs, and who waits for pull requests."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from gitops_auditor.pipelines.trigger_models import Event, Schedule
from gitops_auditor.repositories.models import Repository

PullRequestMoved = Callable[[str, str], Awaitable[Sequence[str]]]
"""Told of a repository, and of a branch of it whose pull request was merged, closed or reopened.

Returns the ids of the repositories whose own pull requests wait for that one and show it now. Safe
to repeat. Raises Unavailable and Refused when they cannot be told.
"""


class ScheduledPipeline(NamedTuple):
    """An active pipeline and when it is to run. Times up to `since` are not meant."""

    pipeline_id: str
    repository_id: str
    schedules: tuple[Schedule, ...]
    since: datetime


class RunStarter(Protocol):
    """Starts runs inside an `Audit.operation` of the caller.

    The key names what happened: runs carry it as their idempotency key, so that a second call with
    it starts nothing and answers as the first did.
    """

    async def fire(
        self, repository_id: str, event: Event, commit_sha: str, actor: str, key: str
    ) -> list[str]:
        """Start every active pipeline of the repository with a trigger that matches at the commit.

        Returns the ids of the runs.
        """

    async def fire_schedule(
        self, pipeline_id: str, event: Event, actor: str, key: str
    ) -> str | None:
        """Start the pipeline on the event's branch, else on the default one; None if it does not.

        Returns the id of the run.
        """

    async def scheduled(self) -> list[ScheduledPipeline]:
        """Every active pipeline that has a schedule."""

    async def watched(self) -> frozenset[str]:
        """Ids of the repositories with an active pipeline that a push can start."""


class Revisions(Protocol):
    """The refs of repositories."""

    async def heads(self, repository: Repository) -> Mapping[str, str]:
        """The commit of each branch and tag, by full name such as `refs/heads/main`."""

    async def changed_paths(
        self, repository: Repository, old: str, new: str
    ) -> Sequence[str] | None:
        """Paths that differ between two commits; None when that cannot be told."""
