"""Statuses of commits at GitHub."""

from functools import partial
from typing import Final

from gitops_auditor.orchestrator.forges.forge import CommitStatus
from gitops_auditor.orchestrator.forges.github.addresses import RepositoryName
from gitops_auditor.orchestrator.forges.github.answers import items_of, text_of
from gitops_auditor.orchestrator.forges.github.calls import GitHubCalls
from gitops_auditor.orchestrator.forges.github.dialects import LIST_STATUSES, SET_STATUS
from gitops_auditor.orchestrator.forges.github.repeating import repeated

MOST_CHARACTERS: Final = 140
"""Of a description; GitHub refuses longer ones."""


class Statuses:
    """Says the same word once: GitHub keeps at most 1000 of a commit and a context."""

    def __init__(self, calls: GitHubCalls) -> None:
        self._calls = calls

    async def set(self, where: RepositoryName, commit: str, status: CommitStatus) -> None:
        """As `CommitStatuses.set_status`; a description that is too long is cut."""
        await repeated(partial(self._set, where, commit, status))

    async def _set(self, where: RepositoryName, commit: str, status: CommitStatus) -> None:
        description = _cut(status.description)
        listed = await self._calls.ask(LIST_STATUSES, where, sha=commit, per_page=100)
        newest = next(
            (one for one in items_of(listed) if one.get("context") == status.context), None
        )
        names = ("state", "description", "target_url")
        wanted = (status.state, description, status.url)
        if newest is not None and tuple(text_of(newest, name) for name in names) == wanted:
            return
        said = {"context": status.context, "state": status.state, "description": description}
        link = {"target_url": status.url} if status.url else {}
        await self._calls.ask(SET_STATUS, where, sha=commit, **said, **link)


def _cut(description: str) -> str:
    fits = len(description) <= MOST_CHARACTERS
    return description if fits else description[: MOST_CHARACTERS - 1] + "…"
