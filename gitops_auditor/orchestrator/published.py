"""What repositories publish and ask for at the commits of a plan, read from their manifests."""

from collections.abc import Sequence
from typing import Final

from gitops_auditor.dependencies.models import Dependency, ManifestFacts, Package
from gitops_auditor.dependencies.versions import admits_release, is_set, parse
from gitops_auditor.orchestrator.records import Rendering
from gitops_auditor.orchestrator.registries import Release
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

MOST_BYTES: Final = 4 * 2**20


class PublishedPackages:
    """Compares the rendered tree of a repository with the one that it was made on."""

    def __init__(self, revisions: Revisions) -> None:
        self._revisions = revisions

    async def releases(
        self, repository: Repository, rendering: Rendering, packages: Sequence[Package]
    ) -> list[Release]:
        """The packages whose version the change raises: `packages` are those of the repository.

        Raises NotFound for a commit that is gone, Unavailable, TooLarge.
        """
        found: list[Release] = []
        for package in packages:
            now = await self._version(repository, rendering.commit, package)
            before = await self._version(repository, rendering.base_commit, package)
            if now != before and is_set(package.namespace, now):
                found.append(Release(package.namespace, package.name, now))
        return found

    async def asks_for(
        self, repository: Repository, commit: str, edge: Dependency, release: Release
    ) -> bool:
        """Whether what the edge's file asks for at a commit may be this release."""
        facts = await self._facts(repository, commit, edge.file)
        for one in facts.declarations:
            if one.type is edge.dependency_type and one.name == edge.name:
                constraint = parse(release.namespace, one.constraint, one.constraint_kind)
                if admits_release(constraint, release.version) is not False:
                    return True
        return False

    async def _version(self, repository: Repository, commit: str, package: Package) -> str:
        facts = await self._facts(repository, commit, package.file)
        wanted = (package.namespace, package.name)
        stated = [one.version for one in facts.provisions if tuple(one.reference) == wanted]
        return stated[0] if stated else ""

    async def _facts(self, repository: Repository, commit: str, path: str) -> ManifestFacts:
        # Every reader of manifests comes with it.
        from gitops_auditor.dependencies.reading import (  # noqa: PLC0415 - see above
            ManifestIndex,
            read_manifest,
        )

        content = await self._revisions.file(repository, commit, path, MOST_BYTES)
        readers = ManifestIndex().readers(path)
        return read_manifest(readers, path, content) if content and readers else ManifestFacts()
