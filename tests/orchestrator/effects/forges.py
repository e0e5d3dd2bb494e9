"""Forges for tests of effects.

`BareForge` moves branches of real repositories. `ReviewForge` adds what only a forge with a web
site has, pull requests, statuses and workflows, which are kept in memory: such a forge cannot run
here. What it merges it merges into the real repository.
"""

# ruff: noqa: ARG002 - protocols state more than these forges need

from collections.abc import Mapping, Sequence
from pathlib import Path

from gitops_auditor.errors import Conflict, Stale
from gitops_auditor.orchestrator.forges.forge import (
    CommitStatus,
    NewPullRequest,
    PullRequest,
    WorkflowRun,
    WorkflowStatus,
)
from gitops_auditor.repositories.models import Repository
from tests.factories.git import git


class BareForge:
    """Branches of repositories in folders, compared and swapped by git."""

    name = "git"
    moves_back = True

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self.paths = dict(paths)

    async def of(self, repository: Repository) -> "BareForge":
        return self

    async def heads(self, repository: Repository, branches: Sequence[str]) -> dict[str, str | None]:
        return {one: await self.head(repository.id, one) for one in branches}

    async def move_branch(
        self, repository: Repository, branch: str, expected: str | None, commit: str | None
    ) -> str | None:
        present = await self.head(repository.id, branch)
        if present == commit:
            return commit
        if present != expected:
            raise Stale("It moved.", hint="Look again.", details={"present": present})
        name = f"refs/heads/{branch}"
        arguments = [name, commit] if commit else ["-d", name]
        await git(self.paths[repository.id], "update-ref", *arguments, expected or "0" * 40)
        return commit

    async def head(self, repository_id: str, branch: str) -> str | None:
        path = self.paths[repository_id]
        found = await git(path, "for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return found or None


class ReviewForge(BareForge):
    """Pull requests by repository and branch. `refusal` is why merging is refused for now."""

    name = "github"
    moves_back = False

    def __init__(self, paths: Mapping[str, Path]) -> None:
        super().__init__(paths)
        self.requests: dict[tuple[str, str], PullRequest] = {}
        self.opened: list[NewPullRequest] = []
        self.comments: list[str] = []
        self.statuses: dict[str, CommitStatus] = {}
        self.refusal: Conflict | None = None
        self.workflows: dict[str, list[WorkflowStatus]] = {}
        self.dispatched: list[str] = []
        self.cancelled: list[str] = []

    async def find_pull_request(self, repository: Repository, head: str) -> PullRequest | None:
        return self.requests.get((repository.id, head))

    async def open_pull_request(self, repository: Repository, new: NewPullRequest) -> PullRequest:
        number = len(self.opened) + 1
        url = f"https://forge.example/{repository.id}/pull/{number}"
        commit = await self.head(repository.id, new.head) or ""
        made = PullRequest(number, url, "open", new.head, commit, new.base, "")
        self.opened.append(new)
        self.requests[repository.id, new.head] = made
        return made

    async def close_pull_request(
        self, repository: Repository, number: int, comment: str
    ) -> PullRequest:
        self.comments.append(comment)
        return self._put(repository, number, state="closed")

    async def merge_pull_request(
        self, repository: Repository, number: int, head_commit: str
    ) -> PullRequest:
        found = self._numbered(repository, number)
        if self.refusal is not None:
            raise self.refusal
        if found.head_commit != head_commit:
            raise Stale("Its head moved.", hint="Look at it.")
        path = self.paths[repository.id]
        await git(path, "update-ref", f"refs/heads/{found.base}", head_commit)
        return self._put(repository, number, state="merged", merge_commit=head_commit)

    async def set_status(self, repository: Repository, commit: str, status: CommitStatus) -> None:
        self.statuses[repository.id] = status

    async def start_workflow(
        self,
        repository: Repository,
        workflow: str,
        ref: str,
        inputs: Mapping[str, str],
        marker: str,
    ) -> WorkflowRun:
        if marker not in self.dispatched:
            self.dispatched.append(marker)
        return self._run(marker)

    async def workflow_run(self, repository: Repository, run_id: str) -> WorkflowRun:
        course = self.workflows[run_id]
        if len(course) > 1:
            course.pop(0)
        return self._run(run_id)

    async def workflow_log(self, repository: Repository, run_id: str, most_bytes: int) -> str:
        return "x" * most_bytes + "the end"

    async def cancel_workflow(self, repository: Repository, run_id: str) -> None:
        self.cancelled.append(run_id)

    def _run(self, run_id: str) -> WorkflowRun:
        url = f"https://forge.example/runs/{run_id}"
        return WorkflowRun(run_id, url, self.workflows[run_id][0], "")

    def _numbered(self, repository: Repository, number: int) -> PullRequest:
        return next(
            one
            for (owner, _), one in self.requests.items()
            if owner == repository.id and one.number == number
        )

    def _put(self, repository: Repository, number: int, **facts: str) -> PullRequest:
        changed = self._numbered(repository, number)._replace(**facts)  # type: ignore[arg-type]
        self.requests[repository.id, changed.head] = changed
        return changed
