"""GitHub as a forge."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

from gitops_auditor.config import Settings
from gitops_auditor.connections.service import Connections
from gitops_auditor.errors import InvalidRequest, Refused
from gitops_auditor.orchestrator.forges.forge import (
    CommitStatus,
    Forge,
    NewPullRequest,
    NewRelease,
    PullRequest,
    Release,
    WorkflowRun,
)
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName, github_name
from gitops_auditor.orchestrator.forges.github.branches import Branches
from gitops_auditor.orchestrator.forges.github.calls import SERVER, Capability, GitHubCalls
from gitops_auditor.orchestrator.forges.github.commits import CommitPublisher
from gitops_auditor.orchestrator.forges.github.local_commits import LocalCommits
from gitops_auditor.orchestrator.forges.github.pull_requests import GitHubPullRequests
from gitops_auditor.orchestrator.forges.github.releases import Releases
from gitops_auditor.orchestrator.forges.github.rest import RestClient
from gitops_auditor.orchestrator.forges.github.statuses import Statuses
from gitops_auditor.orchestrator.forges.github.workflows import GitHubWorkflows
from gitops_auditor.repositories.models import Repository

NAME: Final = "github"


class GitHubForge:
    """Branches, pull requests, statuses, workflows and releases of one GitHub.

    Its MCP server is asked where it has a fitting tool, REST with GITHUB_TOKEN for the rest.
    Without a token branches are pushed by git: `pushing` is the forge that does so.
    """

    def __init__(
        self,
        settings: Settings,
        connections: Connections,
        local: LocalCommits,
        pushing: Forge,
    ) -> None:
        self._settings = settings
        self._connections = connections
        self._pushing = pushing
        self._rest = RestClient(settings.github_api_url, settings.github_token)
        self._calls = GitHubCalls(connections, self._rest)
        self._branches = Branches(self._calls, CommitPublisher(self._calls, local))
        self._pull_requests = GitHubPullRequests(self._calls)
        self._statuses = Statuses(self._calls)
        self._workflows = GitHubWorkflows(self._calls, self._branches)
        self._releases = Releases(self._calls)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        """At the end of the block its connections to the REST API are closed."""
        async with self._rest.open():
            yield self

    async def close(self) -> None:
        """Close its connections to the REST API, if it has any."""
        await self._rest.close()

    @property
    def name(self) -> str:
        """`github`."""
        return NAME

    @property
    def moves_back(self) -> bool:
        """False: GitHub moves a branch back only by force, which would erase somebody's push."""
        return False

    def serves(self, repository: Repository) -> bool:
        """Whether the repository is on this GitHub, and there is a token or a server to ask it."""
        can_ask = self._rest.usable or SERVER in self._connections.configured
        return can_ask and github_name(repository, self._settings.github_url) is not None

    async def capabilities(self) -> list[Capability]:
        """What can be done here, each by which tool or over REST, and why not by a tool."""
        return await self._calls.capabilities()

    async def heads(self, repository: Repository, branches: Sequence[str]) -> dict[str, str | None]:
        """As `Forge.heads`."""
        if not self._rest.usable:
            return await self._pushing.heads(_by_url(repository), branches)
        return await self._branches.heads(self._where(repository), branches)

    async def move_branch(
        self, repository: Repository, branch: str, expected: str | None, commit: str | None
    ) -> str | None:
        """As `Forge.move_branch`, but only forwards: Refused for a commit that does not contain
        what is expected.
        """
        if not self._rest.usable:
            pushed = _by_url(repository)
            return await self._pushing.move_branch(pushed, branch, expected, commit)
        where = self._where(repository)
        return await self._branches.move(repository, where, branch, expected, commit)

    async def find_pull_request(self, repository: Repository, head: str) -> PullRequest | None:
        """As `PullRequests.find_pull_request`."""
        return await self._pull_requests.find(self._where(repository), head)

    async def open_pull_request(self, repository: Repository, new: NewPullRequest) -> PullRequest:
        """As `PullRequests.open_pull_request`."""
        return await self._pull_requests.open(self._where(repository), new)

    async def close_pull_request(
        self, repository: Repository, number: int, comment: str
    ) -> PullRequest:
        """As `PullRequests.close_pull_request`."""
        return await self._pull_requests.close(self._where(repository), number, comment)

    async def merge_pull_request(
        self, repository: Repository, number: int, head_commit: str
    ) -> PullRequest:
        """As `PullRequests.merge_pull_request`."""
        return await self._pull_requests.merge(self._where(repository), number, head_commit)

    async def set_status(self, repository: Repository, commit: str, status: CommitStatus) -> None:
        """As `CommitStatuses.set_status`; nothing is said with GITHUB_STATUS_UPDATES=false."""
        if self._settings.github_status_updates:
            await self._statuses.set(self._where(repository), commit, status)

    async def start_workflow(
        self,
        repository: Repository,
        workflow: str,
        ref: str,
        inputs: Mapping[str, str],
        marker: str,
    ) -> WorkflowRun:
        """As `Workflows.start_workflow`. Raises Refused unless GITHUB_ACTIONS_ENABLED is true."""
        if not self._settings.github_actions_enabled:
            raise Refused(
                "GitHub Actions may not be driven from here.",
                hint="Set GITHUB_ACTIONS_ENABLED=true, and GITHUB_TOKEN.",
            )
        where = self._where(repository)
        return await self._workflows.start(where, workflow, ref, inputs, marker)

    async def workflow_run(self, repository: Repository, run_id: str) -> WorkflowRun:
        """As `Workflows.workflow_run`."""
        return await self._workflows.read(self._where(repository), run_id)

    async def workflow_log(self, repository: Repository, run_id: str, most_bytes: int) -> str:
        """As `Workflows.workflow_log`."""
        return await self._workflows.log(self._where(repository), run_id, most_bytes)

    async def cancel_workflow(self, repository: Repository, run_id: str) -> None:
        """As `Workflows.cancel_workflow`."""
        await self._workflows.cancel(self._where(repository), run_id)

    async def find_release(self, repository: Repository, tag: str) -> Release | None:
        """As `Releases.find_release`."""
        return await self._releases.find(self._where(repository), tag)

    async def create_release(self, repository: Repository, new: NewRelease) -> Release:
        """As `Releases.create_release`."""
        return await self._releases.create(self._where(repository), new)

    def release_request(self, repository: Repository, new: NewRelease) -> str:
        """As `Releases.release_request`."""
        return self._releases.request(self._where(repository), new)

    def _where(self, repository: Repository) -> RepositoryName:
        where = github_name(repository, self._settings.github_url)
        if where is None:
            raise InvalidRequest(
                f"{repository.id} is not on {self._settings.github_url}.",
                hint="Give it its clone URL, or set GITHUB_URL.",
            )
        return where


def _by_url(repository: Repository) -> Repository:
    """The same, without its folder: what is to be on GitHub is not published into a clone of it."""
    url = repository.clone_url or repository.origin_url
    return repository.model_copy(update={"path": None, "clone_url": url})
