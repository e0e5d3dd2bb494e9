"""What repositories provide and ask for, under the names by which it is compared. Pure."""

from functools import lru_cache
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import (
    NAMESPACES,
    Dependency,
    DependencyType,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.names import canonical

SCOPES: Final = tuple(Scope)
"""From the strongest tie to the weakest."""

STRENGTH: Final = {scope: place for place, scope in enumerate(SCOPES)}
"""Smaller is stronger."""

LEVELS: Final = ("low", "medium", "high", "critical")


class ProvidedPackage(NamedTuple):
    """A package that a repository provides, and the version that its files state ("" for none)."""

    repository: str
    reference: Reference
    version: str
    file: str = ""
    line: int = 0


def reference_of(dependency: Dependency) -> Reference:
    """The canonical name of what a dependency asks for."""
    return _reference(dependency.dependency_type, dependency.name)


def evidence_order(dependency: Dependency) -> tuple[int, float, str, str, int, str]:
    """A sort key under which the strongest and surest evidence comes first."""
    return (
        STRENGTH[dependency.scope],
        -dependency.confidence,
        dependency.source_repo,
        dependency.file,
        dependency.line,
        dependency.id,
    )


@lru_cache(maxsize=65536)
def _reference(type_: DependencyType, name: str) -> Reference:
    bare = name.partition("[")[0] if type_ is DependencyType.PYTHON else name
    return canonical(Reference(NAMESPACES[type_], bare))
