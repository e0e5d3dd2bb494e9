"""Turns what repositories ask for into edges to the repositories that provide it. Pure.

The same statements give the same edges, in the same order, whatever the order of the repositories.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from gitops_auditor.dependencies.edges import Edge, Offer, RepositoryStatements, Requirement
from gitops_auditor.dependencies.models import (
    NAMESPACES,
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
_SCOPES: Final = tuple(Scope)
_FELT_AT_ONCE: Final = frozenset({DependencyType.API, DependencyType.DATA})


class _Met(NamedTuple):
    """A requirement and who meets it."""

    source: str
    requirement: Requirement
    reference: Reference
    provider: Provider | None
    alternatives: tuple[str, ...]
    number: int
    """Of equal statements in one file."""


def match(repositories: Sequence[RepositoryStatements]) -> list[Edge]:
    """Every edge of the workspace, those to providers outside of it with `target_repo` None.

    A statement about the very package that makes it is no edge; between two packages of one
    repository it is one, with equal source and target repository.
    """
    index = ProviderIndex(repositories)
    ordered = sorted(repositories, key=lambda repository: repository.id)
    met = [item for repository in ordered for item in _met(repository, index)]
    needed = _counted((item.source, item.provider.repository) for item in met if item.provider)
    return [_edge(item, needed) for item in met]


def consumers(edges: Sequence[Edge]) -> Mapping[str, int]:
    """How many other repositories need each repository."""
    return _counted((edge.source_repo, edge.target_repo) for edge in edges if edge.target_repo)


def impact_level(
    scope: Scope, kind: DependencyType, confidence: float, needed_by: int
) -> ImpactLevel:
    """How much a change of the provider is felt: by scope, by whether anything holds the version
    back (nothing does for an API or for shared data), and by how many repositories need it.
    """
    weight = _WEIGHT_OF_SCOPE[scope]
    weight += kind in _FELT_AT_ONCE
    weight += needed_by >= MANY_CONSUMERS
    weight -= confidence < DECLARED_CONFIDENCE
    return _LEVELS[max(0, min(weight, len(_LEVELS) - 1))]


def _met(repository: RepositoryStatements, index: ProviderIndex) -> Iterator[_Met]:
    occurrences: dict[tuple[str, ...], int] = {}
    own = _own_references(repository.offers)
    for requirement in _each_once(sorted(repository.requirements, key=_place)):
        declaration = requirement.declaration
        reference, providers = index.providers(declaration.reference)
        provider, alternatives = choose(
            providers, reference, repository.id, declaration.constraint_kind
        )
        if _is_edge(repository, requirement, provider, own, reference):
            key = (requirement.file, declaration.type, declaration.name, declaration.scope)
            number = occurrences[key] = occurrences.get(key, 0) + 1
            yield _Met(repository.id, requirement, reference, provider, alternatives, number)


def _each_once(requirements: Sequence[Requirement]) -> Iterable[Requirement]:
    """Of what one line says about one name, possibly to several readers, the surest."""
    found: dict[tuple[object, ...], Requirement] = {}
    for requirement in requirements:
        declaration = requirement.declaration
        key = (requirement.file, declaration.line, declaration.name, declaration.type)
        known = found.setdefault(key, requirement)
        if known is not requirement and _weight(known) < _weight(requirement):
            found[key] = requirement
    return found.values()


def _weight(requirement: Requirement) -> tuple[float, int]:
    """How much a statement says: first by how sure it is, then by how strong a tie it states."""
    declaration = requirement.declaration
    return declaration.confidence, -_SCOPES.index(declaration.scope)


def _place(requirement: Requirement) -> tuple[object, ...]:
    kind, name, _, constraint, _, scope, _, line = requirement.declaration
    return requirement.file, line, name, scope, kind, constraint


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


def _edge(item: _Met, needed: Mapping[str, int]) -> Edge:
    kind, name, _, constraint, constraint_kind, scope, confidence, line = (
        item.requirement.declaration
    )
    provider, package, file = item.provider, item.requirement.package, item.requirement.file
    target = provider.repository if provider else None
    if provider:
        confidence = round(confidence * provider.confidence, 3)
    return Edge(
        id=_edge_id(item.source, file, kind, name, scope, str(item.number)),
        source_repo=item.source,
        target_repo=target,
        dependency_type=kind,
        name=name,
        version_constraint=constraint,
        constraint_kind=constraint_kind,
        scope=scope,
        impact_level=impact_level(scope, kind, confidence, needed.get(target or "", 0)),
        confidence=confidence,
        file=file,
        line=line,
        source_package=package,
        target_package=provider.package if provider else "",
        reference=_unusual(kind, name, item.reference),
        alternatives=item.alternatives,
    )


def _edge_id(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _unusual(kind: DependencyType, name: str, reference: Reference) -> str:
    if reference.name == name and reference.namespace == NAMESPACES[kind]:
        return ""
    return f"{reference.namespace}:{reference.name}"


def _counted(pairs: Iterable[tuple[str, str]]) -> Mapping[str, int]:
    return Counter(target for source, target in set(pairs) if source != target)
