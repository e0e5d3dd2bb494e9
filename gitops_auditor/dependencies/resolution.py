"""Joins what the files of one repository say, into statements about the repository. Pure.

A manifest may leave a value to another file (a catalog), belongs to the package whose folder it
lies in, and may name a neighbour relative to its own repository's address.
"""

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from gitops_auditor.dependencies.catalogs import Catalogs
from gitops_auditor.dependencies.edges import Offer, RepositoryStatements, Requirement
from gitops_auditor.dependencies.models import Declaration, DependencyType, Reference
from gitops_auditor.dependencies.snapshots import FileFacts, RepositoryFacts
from gitops_auditor.dependencies.submodules import declarations_of


class Place(NamedTuple):
    """Where a repository is: its id, its origin as `host/owner/name` in lower case, its folder."""

    id: str
    identity: str
    path: str


def statements(place: Place, facts: RepositoryFacts) -> RepositoryStatements:
    """What a repository asks for and offers, values from its other files filled in."""
    owners = _Owners(facts.files)
    catalogs = Catalogs(facts.files)
    requirements: list[Requirement] = []
    offers: list[Offer] = []
    for file in facts.files:
        package = file.facts.package or owners[posixpath.dirname(file.path)]
        for declaration in declarations_of(file, facts.gitlinks):
            requirements += [
                Requirement(package, file.path, _located(resolved, place))
                for resolved in catalogs.resolve(file.path, declaration)
            ]
        offers += [
            Offer(package, file.path, _owned(item.reference, place), item.line, item.private)
            for item in file.facts.provisions
        ]
    return RepositoryStatements(*place, tuple(requirements), tuple(offers))


def _located(declaration: Declaration, place: Place) -> Declaration:
    """A neighbour named relative to the repository: of a submodule relative to the origin, of
    anything else relative to the folder.
    """
    reference = declaration.reference
    if reference.namespace != "repository" or not reference.name.startswith("../"):
        return declaration
    submodule = declaration.type is DependencyType.GIT and place.identity
    base = place.identity if submodule else place.path
    if not base:
        return declaration
    name = posixpath.normpath(posixpath.join(base, reference.name)).removesuffix(".git")
    return declaration._replace(reference=Reference("repository", name))


def _owned(reference: Reference, place: Place) -> Reference:
    """The owner of the origin in place of `{owner}`."""
    if "{owner}" not in reference.name or not place.identity:
        return reference
    owner = place.identity.split("/")[1]
    return reference._replace(name=reference.name.replace("{owner}", owner))


class _Owners(dict[str, str]):
    """The package that a folder belongs to: its own, else that of the nearest folder upwards."""

    def __init__(self, files: Sequence[FileFacts]) -> None:
        super().__init__({"": ""})
        packages = [(posixpath.dirname(file.path), file.facts.package) for file in files]
        self.update((folder, package) for folder, package in reversed(packages) if package)

    def __missing__(self, folder: str) -> str:
        owner = self[folder] = self[posixpath.dirname(folder)]
        return owner
