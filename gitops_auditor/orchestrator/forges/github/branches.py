"""Branches at GitHub, moved only from where they are expected."""

from collections.abc import Sequence
from functools import partial

from gitops_auditor.errors import Conflict, NotFound, Refused, Stale
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import fields_of, text_of
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.commits import CommitPublisher
from gitops_auditor.orchestrator.forges.github.deleting import delete_branch
from gitops_auditor.orchestrator.forges.github.dialects import (
    CREATE_BRANCH,
    FORWARD_BRANCH,
    READ_BRANCH,
    READ_REPOSITORY,
)
from gitops_auditor.orchestrator.forges.github.repeating import repeated
from gitops_auditor.repositories.models import Repository


class Branches:
    """Creates, forwards and deletes branches; none is moved to what does not contain it."""

    def __init__(self, calls: GitHubCalls, publisher: CommitPublisher) -> None:
        self._calls = calls
        self._publisher = publisher

    async def heads(self, where: RepositoryName, branches: Sequence[str]) -> dict[str, str | None]:
        """Where branches stand. Raises NotFound when the repository is not to be seen."""
        found = {branch: await repeated(partial(self._head, where, branch)) for branch in branches}
        if found and not any(found.values()):
            # A repository that is hidden from the token looks the same.
            await repeated(partial(self._calls.ask, READ_REPOSITORY, where))
        return found

    async def move(
        self,
        repository: Repository,
        where: RepositoryName,
        branch: str,
        expected: str | None,
        commit: str | None,
    ) -> str | None:
        """As `Forge.move_branch`, forward only."""
        return await repeated(partial(self._move, repository, where, branch, expected, commit))

    async def _move(
        self,
        repository: Repository,
        where: RepositoryName,
        branch: str,
        expected: str | None,
        commit: str | None,
    ) -> str | None:
        present = await self._head(where, branch)
        if present == commit:
            return commit
        if present != expected:
            raise _stale(where, branch, expected, present)
        if commit is not None:
            await self._publisher.publish(repository, where, commit)
        try:
            await self._set(where, branch, present, commit)
        except (Conflict, NotFound) as refused:
            now = await self._head(where, branch)
            if now != commit:
                raise _not_moved(where, branch, expected, now, refused) from refused
        return commit

    async def _set(
        self, where: RepositoryName, branch: str, present: str | None, commit: str | None
    ) -> None:
        if commit is None:
            await delete_branch(self._calls, where, branch, present or "")
        elif present is None:
            await self._calls.ask(CREATE_BRANCH, where, branch=branch, sha=commit)
        else:
            await self._calls.ask(FORWARD_BRANCH, where, branch=branch, sha=commit, force=False)

    async def _head(self, where: RepositoryName, branch: str) -> str | None:
        try:
            found = await self._calls.ask(READ_BRANCH, where, branch=branch)
        except NotFound:
            return None
        except Conflict:
            # So it answers for a repository without any commit.
            return None
        return text_of(fields_of(found).get("object"), "sha") or None


def _stale(where: RepositoryName, branch: str, expected: str | None, present: str | None) -> Stale:
    return Stale(
        f"The branch {branch} of {where} stands at {present or 'nothing'}, not at"
        f" {expected or 'nothing'}.",
        hint="Somebody changed it meanwhile; make the plan anew.",
        details={"present": present, "expected": expected},
    )


def _not_moved(
    where: RepositoryName,
    branch: str,
    expected: str | None,
    present: str | None,
    refused: Conflict | NotFound,
) -> Stale | Refused:
    if present != expected:
        return _stale(where, branch, expected, present)
    return Refused(
        f"GitHub does not let the branch {branch} of {where} be moved. {refused.message}",
        hint="It is protected, or what it is moved to does not contain it.",
        details={"present": present},
    )
