"""Which repository of the workspace an identity (`host/owner/name` or `owner/name`) means. Pure.

A clone whose origin is known answers to that and to what its own manifests call it. A folder
without origin is recognised by its id, and by its name alone when something speaks for the owner:
the folder it lies in, what manifests there say, or several names of one owner side by side.
"""

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gitops_auditor.dependencies.edges import RepositoryStatements
from gitops_auditor.dependencies.names import canonical, repository_guess, squashed

_SURE: Final = 1.0
_CLAIMED: Final = 0.95
_BY_NAME: Final = 0.9
_ENOUGH_NAMES: Final = 2
"""So many folders that bear the names of one owner's repositories are no coincidence."""


class Found(NamedTuple):
    """A repository of the workspace, and how sure it is the one that was meant."""

    repository: str
    confidence: float


class RepositoryIndex:
    """Looks identities up. Of two repositories with one identity the first by id answers."""

    def __init__(self, repositories: Sequence[RepositoryStatements]) -> None:
        ordered = sorted(repositories, key=lambda repository: repository.id)
        self._full: dict[str, Found] = {}
        self._hostless: dict[str, Found] = {}
        self._any_host: dict[str, Found] = {}
        for repository in ordered:
            self._learn(repository.identity, Found(repository.id, _SURE))
        for repository in ordered:
            if not repository.identity:
                self._learn(repository.id.lower(), Found(repository.id, _SURE))
        for repository in ordered:
            for identity in _claims(repository):
                self._learn(identity, Found(repository.id, _CLAIMED))
        self._by_path = {item.path: Found(item.id, _SURE) for item in ordered if item.path}
        self._by_name = _owned_names(ordered)

    def find(self, identity: str) -> Found | None:
        """The repository that is meant, None when it is not in the workspace.

        An absolute path means the repository that it leads into.
        """
        if identity.startswith("/"):
            return self._at(identity)
        host, path = split_host(identity)
        if host:
            known = self._full.get(identity) or self._hostless.get(path)
        else:
            known = self._any_host.get(path)
        return known or self._by_name.get(path)

    def _at(self, path: str) -> Found | None:
        while path not in self._by_path and path != "/":
            path = posixpath.dirname(path)
        return self._by_path.get(path)

    def _learn(self, identity: str, found: Found) -> None:
        host, path = split_host(identity)
        if "/" not in path:
            return
        (self._full if host else self._hostless).setdefault(identity, found)
        self._any_host.setdefault(path, found)


def split_host(identity: str) -> tuple[str, str]:
    """Host (empty when none is written) and path of an identity."""
    first, _, rest = identity.partition("/")
    return (first, rest) if "." in first and "/" in rest else ("", identity)


def _last(text: str) -> str:
    return text.rpartition("/")[2].lower()


def _owner(path: str) -> str:
    return path.rpartition("/")[0]


def _claims(repository: RepositoryStatements) -> Iterator[str]:
    """What the manifests call the repository; one that names another is a copy and not believed."""
    name = _last(repository.identity or repository.id)
    for offer in repository.offers:
        if offer.reference.namespace == "repository":
            identity = canonical(offer.reference).name
            if _last(identity) == name:
                yield identity


def _owned_names(ordered: Sequence[RepositoryStatements]) -> dict[str, Found]:
    """`owner/name` for folders without origin, as far as something speaks for that owner."""
    folders: dict[str, list[str]] = defaultdict(list)
    for repository in ordered:
        if not repository.identity:
            folders[_last(repository.id)].append(repository.id)
    if not folders:
        return {}
    asked = {path for path in _asked(ordered) if _last(path) in folders}
    evidence = _owner_evidence(ordered) | _corroborated(asked, folders)
    known: dict[str, Found] = {}
    for path in asked:
        owner = squashed(_owner(path))
        likely = [item for item in folders[_last(path)] if (_owner(item), owner) in evidence]
        if len(likely) == 1:
            known[path] = Found(likely[0], _BY_NAME)
    return known


def _asked(repositories: Sequence[RepositoryStatements]) -> Iterator[str]:
    for repository in repositories:
        for requirement in repository.requirements:
            reference = requirement.declaration.reference
            if reference.namespace in {"repository", "go", "terraform"}:
                guess = repository_guess(canonical(reference))
                if guess is not None:
                    yield split_host(guess.identity)[1]


def _owner_evidence(repositories: Sequence[RepositoryStatements]) -> set[tuple[str, str]]:
    """Pairs of a folder and an owner whose repositories evidently lie in it."""
    pairs: set[tuple[str, str]] = set()
    for repository in repositories:
        folder = _owner(repository.id)
        if folder:
            pairs.add((folder, squashed(_last(folder))))
        for identity in _claims(repository):
            pairs.add((folder, squashed(_owner(split_host(identity)[1]))))
    return pairs


def _corroborated(asked: set[str], folders: dict[str, list[str]]) -> set[tuple[str, str]]:
    names: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path in asked:
        for repository in folders[_last(path)]:
            names[_owner(repository), squashed(_owner(path))].add(_last(path))
    return {pair for pair, found in names.items() if len(found) >= _ENOUGH_NAMES}
