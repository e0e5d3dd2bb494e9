"""What a plan needs of a place where repositories are published.

A forge says what it offers by the protocols it fulfils: all have branches; pull requests, statuses
and workflows are asked for with `isinstance` of the protocol. Each write is safe to repeat: it
looks first for what an earlier try made.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from gitops_auditor.repositories.models import Repository

PullRequestState = Literal["open", "merged", "closed"]
StatusState = Literal["pending", "success", "failure", "error"]
WorkflowStatus = Literal["pending", "running", "success", "failed", "cancelled"]


class PullRequest(NamedTuple):
    """A request to merge the branch `head` into `base`; `merge_commit` is empty until then."""

    number: int
    url: str
    state: PullRequestState
    head: str
    head_commit: str
    base: str
    merge_commit: str


class NewPullRequest(NamedTuple):
    """What to open. `reviewers` are users, or teams as `owner/team`."""

    head: str
    base: str
    title: str
    body: str
    reviewers: Sequence[str] = ()


class CommitStatus(NamedTuple):
    """A word on a commit, shown beside its pull request; a later one of the context replaces it."""

    context: str
    state: StatusState
    description: str
    url: str = ""


class WorkflowRun(NamedTuple):
    """A run of a workflow on the forge."""

    id: str
    url: str
    status: WorkflowStatus
    reason: str


class NewRelease(NamedTuple):
    """A release to publish on a commit that the forge has; `tag` is made unless it is there."""

    tag: str
    commit: str
    title: str
    notes: str


class Release(NamedTuple):
    """A published release; `commit` is the one that its tag names."""

    id: str
    url: str
    tag: str
    commit: str
    title: str


class Forge(Protocol):
    """Branches: what every forge has. Branch names are short ones, commits full ids."""

    @property
    def name(self) -> str:
        """What people call it: `git`, `github`."""
        ...

    @property
    def moves_back(self) -> bool:
        """Whether a branch can be moved back to an earlier commit without erasing somebody's push:
        compare and swap on its reference.
        """
        ...

    async def heads(self, repository: Repository, branches: Sequence[str]) -> dict[str, str | None]:
        """Where branches stand now, None for one that is not there.

        Raises Unavailable when the forge cannot be reached, Refused for one that may not be.
        """
        ...

    async def move_branch(
        self, repository: Repository, branch: str, expected: str | None, commit: str | None
    ) -> str | None:
        """Move a branch from where it is `expected` to a rendered commit, and return where it then
        stands; None as `expected` creates it, None as `commit` deletes it.

        Done already is fine. Raises Stale when the branch stands elsewhere (`details["present"]`),
        Refused when its owner forbids it (a checked out or protected branch), Unavailable.
        """
        ...


@runtime_checkable
class PullRequests(Protocol):
    """Forges with pull requests."""

    async def find_pull_request(self, repository: Repository, head: str) -> PullRequest | None:
        """The newest one from a branch, in whatever state."""
        ...

    async def open_pull_request(self, repository: Repository, new: NewPullRequest) -> PullRequest:
        """Open one; one that is open from the same branch is that one. Reviewers that the forge
        does not know are left out.
        """
        ...

    async def close_pull_request(
        self, repository: Repository, number: int, comment: str
    ) -> PullRequest:
        """Close one with a comment; one that is closed or merged stays as it is."""
        ...

    async def merge_pull_request(
        self, repository: Repository, number: int, head_commit: str
    ) -> PullRequest:
        """Merge one whose head is still this commit.

        Raises Stale when its head moved, Conflict when the forge refuses it for now (reviews or
        checks are missing).
        """
        ...


@runtime_checkable
class CommitStatuses(Protocol):
    """Forges that show statuses of commits."""

    async def set_status(self, repository: Repository, commit: str, status: CommitStatus) -> None:
        """Say a word on a commit."""
        ...


@runtime_checkable
class Workflows(Protocol):
    """Forges that run workflows."""

    async def start_workflow(
        self,
        repository: Repository,
        workflow: str,
        ref: str,
        inputs: Mapping[str, str],
        marker: str,
    ) -> WorkflowRun:
        """Dispatch a workflow's file on a branch, once for each marker."""
        ...

    async def workflow_run(self, repository: Repository, run_id: str) -> WorkflowRun:
        """A run as it is now."""
        ...

    async def workflow_log(self, repository: Repository, run_id: str, most_bytes: int) -> str:
        """The end of what its failed jobs wrote, or of all jobs when none failed."""
        ...

    async def cancel_workflow(self, repository: Repository, run_id: str) -> None:
        """Ask for the end of a run; one that is over stays so."""
        ...


@runtime_checkable
class Releases(Protocol):
    """Forges that publish releases."""

    async def find_release(self, repository: Repository, tag: str) -> Release | None:
        """The release of a tag; None when there is none, or only a draft."""
        ...

    async def create_release(self, repository: Repository, new: NewRelease) -> Release:
        """Publish a release, once for each tag.

        Raises Conflict when the tag names another commit.
        """
        ...

    def release_request(self, repository: Repository, new: NewRelease) -> str:
        """What `create_release` sends for one that is not there, for people to read; nothing is
        sent.
        """
        ...


class Forges(Protocol):
    """Which forge a repository is published on."""

    async def of(self, repository: Repository) -> Forge:
        """Its forge. Raises Unavailable when it has none that can be reached."""
        ...
