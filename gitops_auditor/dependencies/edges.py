"""What repositories ask for and offer, and the edge that a requirement becomes. Pure values."""

from typing import NamedTuple

from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ImpactLevel,
    Reference,
    Scope,
)


class Requirement(NamedTuple):
    """A declaration with its place. `package` is the package of the repository that makes it."""

    package: str
    file: str
    declaration: Declaration


class Offer(NamedTuple):
    """A provision with its place. `package` is the package of the repository that it belongs to."""

    package: str
    file: str
    reference: Reference
    line: int
    private: bool = False


class RepositoryStatements(NamedTuple):
    """What one repository asks for and offers.

    `identity` is `host/owner/name` of its remote `origin` in lower case, empty when it has none;
    `path` is the absolute path of its folder, empty when it has none.
    """

    id: str
    identity: str
    path: str
    requirements: tuple[Requirement, ...]
    offers: tuple[Offer, ...]


class Edge(NamedTuple):
    """A requirement and who meets it: the part of a dependency that a scan computes.

    `id` is a digest of source, file, type, name, scope and the number of the occurrence, so that it
    is the same for the same statement in every scan. `alternatives` are repositories that offer the
    same name and were not chosen. `reference` is `namespace:name` as names are compared, empty when
    type and name already say so.
    """

    id: str
    source_repo: str
    target_repo: str | None
    dependency_type: DependencyType
    name: str
    version_constraint: str
    constraint_kind: ConstraintKind
    scope: Scope
    impact_level: ImpactLevel
    confidence: float
    file: str
    line: int
    source_package: str
    target_package: str
    reference: str
    alternatives: tuple[str, ...]
