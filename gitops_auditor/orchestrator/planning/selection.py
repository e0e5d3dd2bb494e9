"""Which repositories a plan changes."""

from collections.abc import Iterable, Sequence

from gitops_auditor.dependencies.models import Declaration, Dependency
from gitops_auditor.dependencies.packages import reference_of
from gitops_auditor.errors import InvalidRequest, NotFound
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry

MOST_NAMED = 5


class Selection:
    """The repositories that were named, or for a bump those that ask for what is bumped."""

    def __init__(self, repositories: RepositoryRegistry) -> None:
        self._repositories = repositories

    async def of(self, request: PlanRequest, edges: Sequence[Dependency]) -> list[Repository]:
        """Each once, by id. Raises NotFound, and InvalidRequest when none are named or found."""
        if request.repositories is not None:
            named = sorted({*request.repositories})
            chosen = [await self._repositories.get(repository_id) for repository_id in named]
        elif isinstance(request.change, BumpDependency):
            chosen = await self._asking(request.change, edges)
        else:
            chosen = []
        if not chosen:
            raise InvalidRequest(
                "The plan names no repositories.",
                hint="Give their ids; only a bump finds its own.",
            )
        return chosen

    async def _asking(
        self, change: BumpDependency, edges: Sequence[Dependency]
    ) -> list[Repository]:
        found = asking(change, edges)
        registered = await self._repositories.all()
        chosen = [one for one in registered if one.id in found]
        if not chosen:
            names = ", ".join(one.id for one in registered[:MOST_NAMED]) or "none are registered"
            more = len(registered) - MOST_NAMED
            raise NotFound(
                f"None of {len(registered)} repositories asks for {change.name}"
                f"{f' as {change.type}' if change.type else ''}"
                f" ({names}{f' and {more} more' if more > 0 else ''}).",
                hint="Write the name as consumers write it, or name the repositories.",
            )
        return chosen


def asking(change: BumpDependency, edges: Iterable[Dependency]) -> set[str]:
    """Repositories whose files ask for what is bumped, without those that provide it."""
    found = wanted(change, edges)
    providers = {edge.target_repo for edge in found}
    return {edge.source_repo for edge in found} - providers


def wanted(change: BumpDependency, edges: Iterable[Dependency]) -> list[Dependency]:
    """The edges that ask for what is bumped."""
    # Version arithmetic comes with it.
    from gitops_auditor.orchestrator.rendering.bump.matching import matcher  # noqa: PLC0415

    matches = matcher(change)
    return [edge for edge in edges if matches(_declared(edge))]


def _declared(edge: Dependency) -> Declaration:
    return Declaration(
        edge.dependency_type,
        edge.name,
        reference_of(edge),
        edge.version_constraint,
        edge.constraint_kind,
        edge.scope,
        edge.confidence,
        edge.line,
    )
