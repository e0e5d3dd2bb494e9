"""Which commit a version is in a registered repository, for what is pinned to commits."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from gitops_auditor.dependencies.heads import place_of
from gitops_auditor.dependencies.models import Reference
from gitops_auditor.dependencies.names import canonical
from gitops_auditor.errors import NotFound
from gitops_auditor.orchestrator.rendering.bump.wanted import parse_wanted
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

_OWNED: Final = 2

Registered = Callable[[], Awaitable[Sequence[Repository]]]


class CommitNames:
    """Looks tags and branches up in registered repositories."""

    def __init__(self, revisions: Revisions, registered: Registered) -> None:
        self._revisions = revisions
        self._registered = registered

    async def commit_of(self, reference: Reference, version: str) -> str | None:
        """The full id of the commit that a version is tagged or named at; None when the repository
        is not registered or has no such tag. Raises Unavailable when it cannot be reached.
        """
        if parse_wanted(version).is_object:
            return version
        repository = await self._repository(reference)
        if repository is None:
            return None
        for name in dict.fromkeys((version, f"v{version.removeprefix('v')}")):
            try:
                return (await self._revisions.resolve(repository, name)).commit
            except NotFound:
                continue
        return None

    async def _repository(self, reference: Reference) -> Repository | None:
        wanted = canonical(reference).name
        found = [one for one in await self._registered() if _is_at(one, wanted)]
        return min(found, key=lambda one: one.id, default=None)


def _is_at(repository: Repository, wanted: str) -> bool:
    identity = place_of(repository).identity or repository.id.lower()
    if wanted.startswith("/"):
        return repository.path == wanted
    parts, asked = identity.split("/"), wanted.split("/")
    shorter = min(len(parts), len(asked))
    return shorter >= _OWNED and parts[-shorter:] == asked[-shorter:]
