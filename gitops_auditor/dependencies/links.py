"""Symbolic links that lead into a neighbouring repository: configuration shared by link. Pure.

Where a link leads is its content in git. It is never followed: only its text is read.
"""

from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.repository_path import outside_path
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Reference,
    Scope,
)

_CONFIDENCE: Final = 0.6
"""Below what is declared: a link out of the repository counts only when a repository is there."""


def read_link(file: ManifestFile) -> ManifestFacts:
    """The neighbour that a link leads into; nothing for a link inside the repository."""
    target = file.text.strip()
    outside = outside_path(file.path, target)
    if not outside:
        return ManifestFacts()
    found = Declaration(
        DependencyType.CONFIG,
        target,
        Reference("repository", outside),
        target,
        ConstraintKind.PATH,
        scope_of_path(file.path, Scope.DEV),
        _CONFIDENCE,
        1,
    )
    return ManifestFacts((found,))


READER: Final = ManifestReader("symbolic link", read_link)
