"""What answers are compared with, in the words of the checks that ask for it."""

from collections.abc import Collection, Mapping

from gitops_auditor.quality.baselines import Baselines
from gitops_auditor.quality.checks import ports
from gitops_auditor.repositories.service import RepositoryRegistry


class Comparing:
    """Figures of earlier releases, and the lines that a change touches."""

    def __init__(self, repositories: RepositoryRegistry, baselines: Baselines) -> None:
        self._repositories = repositories
        self._baselines = baselines

    async def find(self, repository_id: str, baseline: str, commit: str) -> ports.Baseline | None:
        """See `checks.ports.Baselines`."""
        found = await self._baselines.before(repository_id, baseline, commit)
        if found is None:
            return None
        return ports.Baseline(found.name, found.commit, found.metrics)

    async def changed_lines(
        self, repository_id: str, base: str, commit: str
    ) -> Mapping[str, Collection[int]]:
        """See `checks.ports.ChangedLines`."""
        repository = await self._repositories.get(repository_id)
        return await self._repositories.revisions.changed_lines(repository, base, commit)
