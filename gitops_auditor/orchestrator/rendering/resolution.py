"""Whether a rendered tree goes together with the trees of earlier phases."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import anyio
import anyio.to_thread

from gitops_auditor.dependencies.edges import RepositoryStatements
from gitops_auditor.dependencies.heads import place_of
from gitops_auditor.dependencies.models import ConstraintKind, Reference
from gitops_auditor.dependencies.names import canonical
from gitops_auditor.dependencies.providers import ProviderIndex, choose
from gitops_auditor.dependencies.resolution import statements
from gitops_auditor.dependencies.snapshots import RepositoryFacts
from gitops_auditor.dependencies.versions import admits_release, is_set, parse
from gitops_auditor.orchestrator.records import Rendering
from gitops_auditor.orchestrator.rendering.names_in_files import needle
from gitops_auditor.orchestrator.rendering.renderer import RenderRequest
from gitops_auditor.orchestrator.rendering.tree_manifests import ManifestTrees
from gitops_auditor.repositories.memory import Recent
from gitops_auditor.repositories.models import Repository
from gitops_auditor.repositories.revisions import Revisions

MOST_SENTENCES: Final = 50
REMEMBERED: Final = 256

_TAKES_THE_TREE: Final = frozenset({ConstraintKind.PATH, ConstraintKind.WORKSPACE})


class _Offered(NamedTuple):
    """What a tree of an earlier phase offers, and the versions that it states."""

    statements: RepositoryStatements
    versions: Mapping[Reference, str]
    words: frozenset[bytes]


class Resolution:
    """Compares what a tree asks for with what the trees of earlier phases offer.

    `repository_of` gives a registered repository by its id.
    """

    def __init__(
        self,
        revisions: Revisions,
        repository_of: Callable[[str], Awaitable[Repository]],
    ) -> None:
        self._trees = ManifestTrees(revisions)
        self._repository_of = repository_of
        self._reading = anyio.Lock()
        self._known: Recent[tuple[str, str], _Offered] = Recent(REMEMBERED)

    async def unverified(self, request: RenderRequest, commit: str) -> tuple[str, ...]:
        """Why the tree of `commit` is not known to go together with the rendered trees of
        `request.earlier`: a sentence for each of its dependencies whose constraint does not admit
        the version that the earlier tree states, or of which that cannot be told. Empty when all
        is well, and without earlier renderings.

        Raises NotFound for an unknown commit or repository, Unavailable and TimedOut.
        """
        offered = [await self._offered(one) for one in request.earlier.values()]
        words = frozenset[bytes]().union(*(one.words for one in offered))
        if not words:
            return ()
        repository = request.repository
        tree = await self._trees.with_words(repository, commit, words)
        sentences = await anyio.to_thread.run_sync(_compared, repository, tree.facts, offered)
        return tuple(sentences[:MOST_SENTENCES])

    async def _offered(self, rendering: Rendering) -> _Offered:
        commit = rendering.commit or rendering.base_commit
        key = rendering.repository_id, commit
        known = self._known.get(key)
        if known is not None:
            return known
        async with self._reading:
            # A whole phase asks for it at once: whoever waited finds it.
            known = self._known.get(key)
            if known is not None:
                return known
            repository = await self._repository_of(rendering.repository_id)
            tree = await self._trees.whole(repository, commit)
            return self._known.put(key, _offers(repository, tree.facts))


def _offers(repository: Repository, facts: RepositoryFacts) -> _Offered:
    said = statements(place_of(repository), facts)
    versions: dict[Reference, str] = {}
    for file in facts.files:
        for item in file.facts.provisions:
            if item.version:
                versions.setdefault(canonical(item.reference), item.version)
    words = frozenset(needle(name) for name in _names(said))
    return _Offered(said._replace(requirements=()), versions, words)


def _names(said: RepositoryStatements) -> Iterator[str]:
    yield from (offer.reference.name for offer in said.offers)
    yield said.identity or said.id


def _compared(
    repository: Repository, facts: RepositoryFacts, offered: Sequence[_Offered]
) -> list[str]:
    asked = statements(place_of(repository), facts)
    index = ProviderIndex([asked._replace(requirements=()), *(one.statements for one in offered)])
    versions = {one.statements.id: one.versions for one in offered}
    found: dict[str, None] = {}
    for file, declaration in ((one.file, one.declaration) for one in asked.requirements):
        reference, providers = index.providers(declaration.reference)
        provider, _ = choose(providers, reference, repository.id, declaration.constraint_kind)
        if provider is None or provider.repository not in versions:
            continue
        version = versions[provider.repository].get(reference, "")
        wish = _Wish(declaration.constraint, declaration.constraint_kind, reference, version)
        reason = _reason(wish, provider.repository)
        if reason:
            found[f"{file}:{declaration.line}: {declaration.name} {reason}."] = None
    return [*found]


class _Wish(NamedTuple):
    constraint: str
    kind: ConstraintKind
    reference: Reference
    version: str


def _reason(wish: _Wish, provider: str) -> str:
    """Why it is not known that the constraint admits the version; "" when it does."""
    constraint, kind, reference, version = wish
    if kind in _TAKES_THE_TREE or kind is ConstraintKind.NONE:
        return ""
    if kind is ConstraintKind.DYNAMIC:
        return f"asks {provider} for a version that is computed ({constraint})"
    if not version or not is_set(reference.namespace, version):
        return f"asks for {constraint}, and the tree of {provider} states no version"
    admits = admits_release(parse(reference.namespace, constraint, kind), version)
    if admits:
        return ""
    if admits is None:
        return f"asks for {constraint}, which cannot be compared with {version} of {provider}"
    return f"asks for {constraint}, which does not admit {version} of {provider}"
