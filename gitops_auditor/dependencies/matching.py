"""Turns what repositories ask for into edges to the repositories that provide it. Pure.

The same statements give the same edges, in the same order, whatever the order of the repositories.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from gitops_auditor.dependencies.edges import Edge, Offer, RepositoryStatements, Requirement
from gitops_auditor.dependencies.models import (
    Declaration,
    DependencyType,
    ImpactLevel,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.names import canonical
from gitops_auditor.dependencies.providers import Provider, ProviderIndex, choose

DECLARED_CONFIDENCE: Final = 0.7
"""Below this a statement was read out of a script, and counts only when its provider is known."""

MANY_CONSUMERS: Final = 5
"""A repository that so many others need is one whose changes are felt everywhere."""

_LEVELS: Final[tuple[ImpactLevel, ...]] = ("low", "medium", "high", "critical")
_WEIGHT_OF_SCOPE: Final = {
    Scope.RUNTIME: 2,
    Scope.BUILD: 1,
    Scope.CI: 1,
    Scope.DEV: 0,
    Scope.TEST: 0,
    Scope.EXAMPLE: 0,
}
_FELT_AT_ONCE: Final = frozenset({DependencyType.API, DependencyType.DATA})
_NAMESPACES: Final = {
    DependencyType.NPM: "npm",
    DependencyType.GIT: "repository",
    DependencyType.DOCKER: "image",
    DependencyType.API: "api",
    DependencyType.CONFIG: "config",
    DependencyType.DATA: "data",
    DependencyType.PYTHON: "pypi",
    DependencyType.GO: "go",
    DependencyType.RUST: "crate",
    DependencyType.JVM: "maven",
    DependencyType.TERRAFORM: "terraform",
    DependencyType.HELM: "chart",
    DependencyType.CI: "repository",
    DependencyType.PRE_COMMIT: "repository",
}
"""The namespace that names of a type are usually in."""


def match(repositories: Sequence[RepositoryStatements]) -> list[Edge]:
    """Every edge of the workspace, those to providers outside of it with `target_repo` None.

    A statement about the very package that makes it is no edge; between two packages of one
    repository it is one, with equal source and target repository.
    """
    index = ProviderIndex(repositories)
    ordered = sorted(repositories, key=lambda repository: repository.id)
    edges = [edge for repository in ordered for edge in _edges_of(repository, index)]
    needed = consumers(edges)
    return [edge._replace(impact_level=impact_level(edge, needed)) for edge in edges]


def impact_level(edge: Edge, needed: Mapping[str, int]) -> ImpactLevel:
    """How much a change of the provider is felt: by scope, by whether anything holds the version
    back (nothing does for an API or for shared data), and by how many repositories need it.
    """
    weight = _WEIGHT_OF_SCOPE[edge.scope]
    if edge.dependency_type in _FELT_AT_ONCE:
        weight += 1
    if edge.target_repo is not None and needed.get(edge.target_repo, 0) >= MANY_CONSUMERS:
        weight += 1
    if edge.confidence < DECLARED_CONFIDENCE:
        weight -= 1
    return _LEVELS[max(0, min(weight, len(_LEVELS) - 1))]


def _edges_of(repository: RepositoryStatements, index: ProviderIndex) -> Iterator[Edge]:
    occurrences: Counter[tuple[str, str, str, str]] = Counter()
    own = _own_references(repository.offers)
    for requirement in sorted(repository.requirements, key=_place):
        reference = canonical(requirement.declaration.reference)
        kind = requirement.declaration.constraint_kind
        provider, alternatives = choose(index.providers(reference), reference, repository.id, kind)
        if _is_edge(repository, requirement, provider, own, reference):
            number = _count(occurrences, requirement)
            yield _edge(repository.id, requirement, reference, provider, alternatives, number)


def _place(requirement: Requirement) -> tuple[str, int, str, str]:
    declaration = requirement.declaration
    return requirement.file, declaration.line, declaration.name, declaration.scope


def _own_references(offers: Sequence[Offer]) -> Mapping[Reference, set[str]]:
    own: dict[Reference, set[str]] = defaultdict(set)
    for offer in offers:
        own[canonical(offer.reference)].add(offer.package)
    return own


def _is_edge(
    repository: RepositoryStatements,
    requirement: Requirement,
    provider: Provider | None,
    own: Mapping[Reference, set[str]],
    reference: Reference,
) -> bool:
    if provider is None:
        return requirement.declaration.confidence >= DECLARED_CONFIDENCE
    if provider.repository != repository.id:
        return True
    packages = own.get(reference, {provider.package})
    return requirement.package not in packages and provider.package != requirement.package


def _count(occurrences: Counter[tuple[str, str, str, str]], requirement: Requirement) -> int:
    declaration = requirement.declaration
    key = (requirement.file, declaration.type, declaration.name, declaration.scope)
    occurrences[key] += 1
    return occurrences[key]


def _edge(
    source: str,
    requirement: Requirement,
    reference: Reference,
    provider: Provider | None,
    alternatives: tuple[str, ...],
    number: int,
) -> Edge:
    declaration = requirement.declaration
    locator = "\0".join(
        (
            source,
            requirement.file,
            declaration.type,
            declaration.name,
            declaration.scope,
            str(number),
        )
    )
    return Edge(
        id=blake2b(locator.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
        source_repo=source,
        target_repo=provider.repository if provider else None,
        dependency_type=declaration.type,
        name=declaration.name,
        version_constraint=declaration.constraint,
        constraint_kind=declaration.constraint_kind,
        scope=declaration.scope,
        impact_level="medium",
        confidence=round(declaration.confidence * (provider.confidence if provider else 1.0), 3),
        file=requirement.file,
        line=declaration.line,
        source_package=requirement.package,
        target_package=provider.package if provider else "",
        reference=_unusual(declaration, reference),
        alternatives=alternatives,
    )


def _unusual(declaration: Declaration, reference: Reference) -> str:
    usual = Reference(_NAMESPACES[declaration.type], declaration.name)
    return "" if reference == usual else f"{reference.namespace}:{reference.name}"


def consumers(edges: Sequence[Edge]) -> Mapping[str, int]:
    """How many other repositories need each repository."""
    pairs = {(edge.source_repo, edge.target_repo) for edge in edges if edge.target_repo is not None}
    return Counter(target for source, target in pairs if source != target and target is not None)
