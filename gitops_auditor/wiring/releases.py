"""Releases that jobs of pipelines ask for, published on the forge of their repository."""

from collections.abc import Callable

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import InvalidRequest
from gitops_auditor.orchestrator.forges.forge import Forges, NewRelease
from gitops_auditor.orchestrator.forges.forge import Releases as ReleasingForge
from gitops_auditor.pipelines.jobs.releases import MadeRelease, ReleaseOrder
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.service import RepositoryRegistry


class ForgeReleases:
    """See `pipelines.jobs.releases.ReleaseMaker`; `forges` is asked when one is wanted."""

    def __init__(
        self,
        settings: Settings,
        repositories: RepositoryRegistry,
        audit: Audit,
        forges: Callable[[], Forges],
    ) -> None:
        self._has_token = bool(settings.github_token.get_secret_value())
        self._repositories = repositories
        self._audit = audit
        self._forges = forges

    @property
    def usable(self) -> bool:
        """Whether there is a token for GitHub."""
        return self._has_token

    async def request(self, order: ReleaseOrder) -> str:
        """As `ReleaseMaker.request`."""
        repository, forge = await self._place(order)
        return forge.release_request(repository, _wanted(order))

    async def make(self, order: ReleaseOrder) -> MadeRelease:
        """As `ReleaseMaker.make`; an audited operation."""
        repository, forge = await self._place(order)
        facts = {
            "run_id": order.run_id,
            "repository_id": order.repository_id,
            "tag": order.tag,
            "commit": order.commit,
        }
        actor = f"pipeline run {order.run_id}"
        async with self._audit.operation(actor, "create_release", facts):
            found = await forge.create_release(repository, _wanted(order))
        return MadeRelease(found.id, found.url, found.tag, found.commit)

    async def _place(self, order: ReleaseOrder) -> tuple[Repository, ReleasingForge]:
        repository = await self._repositories.get(order.repository_id)
        forge = await self._forges().of(repository)
        if not isinstance(forge, ReleasingForge):
            raise InvalidRequest(
                f"{repository.id} is on no GitHub, so that it has no releases.",
                hint="Give it its clone URL there, or set GITHUB_URL.",
            )
        return repository, forge


def _wanted(order: ReleaseOrder) -> NewRelease:
    return NewRelease(order.tag, order.commit, order.title, order.notes)
