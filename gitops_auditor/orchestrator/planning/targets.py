"""The branch that a plan changes in a repository, where it stands, and who publishes it."""

from typing import NamedTuple

from gitops_auditor.errors import InvalidRequest, NotFound
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.forges.forge import Forge, Forges
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry


class Target(NamedTuple):
    """`commit` is here to be read. Without a `forge` nothing is published."""

    repository: Repository
    branch: str
    commit: str
    forge: Forge | None = None


class Targets:
    """Looks at repositories as they are now."""

    def __init__(self, repositories: RepositoryRegistry, forges: Forges) -> None:
        self._repositories = repositories
        self._forges = forges

    async def of(self, repository: Repository, request: PlanRequest) -> Target:
        """The target that a request means, its default branch unless it names one.

        Raises NotFound when the branch, or its commit, is not there, InvalidRequest for what is no
        branch, Unavailable and Refused when the repository cannot be reached.
        """
        revisions = self._repositories.revisions
        found = await revisions.resolve(repository, request.target_branch)
        if not is_published(request):
            return Target(repository, found.branch or "", found.commit)
        if found.branch is None:
            raise InvalidRequest(
                f"{found.ref} of {repository.id} is no branch.",
                hint="Name a branch as target_branch.",
            )
        forge = await self._forges.of(repository)
        head = await self._head(forge, repository, found.branch)
        if head is None:
            raise NotFound(
                f"{repository.id} has no branch {found.branch} on {forge.name}.",
                hint="Push it first, or name another one as target_branch.",
            )
        if head != found.commit:
            await revisions.holding(repository, head)
        return Target(repository, found.branch, head, forge)

    async def present(
        self, repository: Repository, branch: str, request: PlanRequest
    ) -> str | None:
        """Where the branch of a plan stands now; None when it is gone. Raises as `of`."""
        if is_published(request):
            return await self._head(await self._forges.of(repository), repository, branch)
        try:
            return (await self._repositories.revisions.resolve(repository, branch)).commit
        except NotFound:
            return None

    async def _head(self, forge: Forge, repository: Repository, branch: str) -> str | None:
        return (await forge.heads(repository, [branch])).get(branch)


def is_published(request: PlanRequest) -> bool:
    """Whether a plan has to do with forges: all do, but runs of pipelines on this machine."""
    change = request.change
    return not isinstance(change, RunPipeline) or change.runner != "local"
