"""Joins what the files of one repository say, into statements about the repository. Pure.

A manifest may leave a value to another file (a catalog), belongs to the package whose folder it
lies in, and may name a neighbour relative to its own repository's address.
"""

import posixpath
from collections.abc import Mapping, Sequence

from gitops_auditor.dependencies.catalogs import Catalogs
from gitops_auditor.dependencies.edges import Offer, RepositoryStatements, Requirement
from gitops_auditor.dependencies.snapshots import FileFacts, RepositoryFacts


def statements(repository_id: str, identity: str, facts: RepositoryFacts) -> RepositoryStatements:
    """What a repository asks for and offers, values from its other files filled in.

    `identity` is `host/owner/name` of its origin in lower case, or empty.
    """
    packages = _packages_by_folder(facts.files)
    catalogs = Catalogs(facts.files)
    requirements: list[Requirement] = []
    offers: list[Offer] = []
    for file in facts.files:
        package = file.facts.package or _owner(file.path, packages)
        for declaration in file.facts.declarations:
            requirements += [
                Requirement(package, file.path, resolved)
                for resolved in catalogs.resolve(file.path, declaration)
            ]
        offers += [
            Offer(package, file.path, item.reference, item.line) for item in file.facts.provisions
        ]
    return RepositoryStatements(repository_id, identity, tuple(requirements), tuple(offers))


def _packages_by_folder(files: Sequence[FileFacts]) -> Mapping[str, str]:
    packages: dict[str, str] = {}
    for file in files:
        if file.facts.package:
            packages.setdefault(posixpath.dirname(file.path), file.facts.package)
    return packages


def _owner(path: str, packages: Mapping[str, str]) -> str:
    """The package of the nearest folder upwards that has one, else ""."""
    folder = posixpath.dirname(path)
    while folder not in packages:
        if not folder:
            return ""
        folder = posixpath.dirname(folder)
    return packages[folder]
