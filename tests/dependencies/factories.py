"""Statements of repositories, by naming only what matters to a test."""

from gitops_auditor.dependencies.edges import Offer, RepositoryStatements, Requirement
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_TYPES = {
    "npm": DependencyType.NPM,
    "pypi": DependencyType.PYTHON,
    "image": DependencyType.DOCKER,
    "go": DependencyType.GO,
    "terraform": DependencyType.TERRAFORM,
    "repository": DependencyType.GIT,
    "api": DependencyType.API,
    "chart": DependencyType.HELM,
}


def declaration(
    reference: str,
    constraint: str = "^1.0.0",
    *,
    kind: ConstraintKind = ConstraintKind.RANGE,
    scope: Scope = Scope.RUNTIME,
    confidence: float = 1.0,
    line: int = 1,
) -> Declaration:
    """A declaration of `namespace:name`."""
    namespace, _, name = reference.partition(":")
    return Declaration(
        _TYPES[namespace],
        name,
        Reference(namespace, name),
        constraint,
        kind,
        scope,
        confidence,
        line,
    )


def requirement(
    reference: str,
    constraint: str = "^1.0.0",
    *,
    package: str = "",
    file: str = "package.json",
    kind: ConstraintKind = ConstraintKind.RANGE,
    scope: Scope = Scope.RUNTIME,
    confidence: float = 1.0,
    line: int = 1,
) -> Requirement:
    declared = declaration(
        reference, constraint, kind=kind, scope=scope, confidence=confidence, line=line
    )
    return Requirement(package, file, declared)


def offer(
    reference: str, *, package: str = "", file: str = "package.json", private: bool = False
) -> Offer:
    """An offer of `namespace:name`."""
    namespace, _, name = reference.partition(":")
    return Offer(package or name, file, Reference(namespace, name), 1, private)


def repository(
    repository_id: str,
    *statements: Requirement | Offer,
    origin: str = "",
    path: str = "",
) -> RepositoryStatements:
    """A repository with an origin on github.com when its id is `owner/name` and none is given.

    `origin="-"` means that it has none.
    """
    identity = origin or (f"github.com/{repository_id}" if "/" in repository_id else "")
    return RepositoryStatements(
        repository_id,
        "" if origin == "-" else identity,
        path,
        tuple(item for item in statements if isinstance(item, Requirement)),
        tuple(item for item in statements if isinstance(item, Offer)),
    )
