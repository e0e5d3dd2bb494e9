"""Who provides what: an index over the offers of all repositories. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from gitops_auditor.dependencies.edges import Offer, RepositoryStatements
from gitops_auditor.dependencies.identities import RepositoryIndex
from gitops_auditor.dependencies.models import ConstraintKind, Reference
from gitops_auditor.dependencies.names import (
    IMAGE_CONFIDENCE,
    canonical,
    guesses,
    may_be_published_at,
    squashed,
    terms,
    wildcard,
)

_COPIES: Final = frozenset(
    {
        "__fixtures__", "__mocks__", "fixture", "fixtures", "mock", "mocks", "node_modules",
        "testdata", "third_party", "thirdparty", "vendor", "vendored", "snapshots", "golden",
    }
)  # fmt: skip
_ILLUSTRATIONS: Final = frozenset(
    {
        "__tests__", "bench", "benchmark", "benchmarks", "demo", "demos", "doc", "docs", "e2e",
        "example", "examples", "integration", "playground", "playgrounds", "sample", "samples",
        "sandbox", "spec", "template", "templates", "test", "tests",
    }
)  # fmt: skip


PROPER: Final = 0
"""A place in the repository proper."""

ILLUSTRATIVE: Final = 1
"""A place among examples and tests."""

COPIED: Final = 2
"""A place among fixtures and copies of other projects."""

PROGRAM_CONFIDENCE: Final = 0.6
"""Of an image that bears the name of a program; who builds it is not known."""

WILDCARDS: Final = frozenset({"image", "maven"})
"""Namespaces in which an offer may leave parts of a name open, such as `{arch}` or `{module}`."""

_WITHIN: Final = frozenset({ConstraintKind.WORKSPACE, ConstraintKind.PATH})


class Rank(NamedTuple):
    """Of two providers the one with the smaller rank is preferred."""

    place: int
    """PROPER, ILLUSTRATIVE or COPIED."""
    inexact: bool
    """The offer leaves part of the name open."""
    stranger: bool
    """The repository has another name than what it offers."""
    depth: int
    repository: str
    file: str
    package: str


_IMPLIED: Final = Rank(PROPER, True, False, 0, "", "", "")


class Provider(NamedTuple):
    """Who meets a requirement, and how sure that is."""

    repository: str
    package: str
    confidence: float
    rank: Rank
    private: bool = False
    """Only the repository itself can use it."""

    @property
    def place(self) -> int:
        """PROPER, ILLUSTRATIVE or COPIED."""
        return self.rank.place


class ProviderIndex:
    """Finds providers by canonical reference. The order of repositories makes no difference."""

    def __init__(self, repositories: Sequence[RepositoryStatements]) -> None:
        self._exact: dict[Reference, list[Provider]] = defaultdict(list)
        self._patterns: dict[str, list[tuple[re.Pattern[str], Provider]]] = defaultdict(list)
        self._mirrored: dict[str, list[Provider]] = defaultdict(list)
        self._repositories = RepositoryIndex(repositories)
        self._identities = {repository.id: repository.identity for repository in repositories}
        for repository in repositories:
            for offer in repository.offers:
                self._add(repository.id, offer)
        self._known: dict[Reference, tuple[Reference, Sequence[Provider]]] = {}

    def providers(self, reference: Reference) -> tuple[Reference, Sequence[Provider]]:
        """The canonical reference, and every provider of it, the preferred one first."""
        known = self._known.get(reference)
        if known is None:
            asked = canonical(reference)
            found = sorted(self._search(asked), key=lambda provider: provider.rank)
            known = self._known[reference] = (asked, found)
        return known

    def _add(self, repository: str, offer: Offer) -> None:
        reference = canonical(offer.reference)
        pattern = wildcard(reference.name) if reference.namespace in WILDCARDS else None
        rank = Rank(
            _place(offer.file),
            pattern is not None,
            squashed(_last(repository)) != squashed(_last(reference.name)),
            offer.file.count("/"),
            repository,
            offer.file,
            offer.package,
        )
        provider = Provider(repository, offer.package, 1.0, rank, offer.private)
        if pattern is not None:
            self._patterns[reference.namespace].append((pattern, provider))
        else:
            self._exact[reference].append(provider)
            if reference.namespace == "image" and rank.place == PROPER:
                self._mirrored[_path(reference.name)].append(
                    provider._replace(confidence=IMAGE_CONFIDENCE)
                )

    def _search(self, reference: Reference) -> Iterator[Provider]:
        exact = [*self._exact.get(reference, ()), *self._charts(reference)]
        yield from exact
        matched = [
            provider
            for pattern, provider in self._patterns.get(reference.namespace, ())
            if pattern.fullmatch(reference.name)
        ]
        yield from matched
        if not matched and not any(provider.place == PROPER for provider in exact):
            yield from self._implied(reference)

    def _charts(self, reference: Reference) -> Iterator[Provider]:
        """Who has a chart of that name and may publish at the address that it is taken from."""
        address, _, chart = reference.name.rpartition("/")
        if reference.namespace == "chart" and "://" in address:
            for provider in self._exact.get(Reference("chart", chart), ()):
                if may_be_published_at(address, chart, self._identities[provider.repository]):
                    yield provider

    def _implied(self, reference: Reference) -> Iterator[Provider]:
        """Who is not known to offer it, but likely does: under that path at another registry, or
        as the repository that the name speaks of, or with the program that the image is named
        after: `acme/worker` runs `acme-worker`.
        """
        if reference.namespace == "image":
            mirrored = self._mirrored.get(_path(reference.name), ())
            yield from mirrored
            if mirrored:
                return
        for guess in guesses(reference):
            found = self._repositories.find(guess.identity)
            if found is not None:
                confidence = guess.confidence * found.confidence
                yield Provider(found.repository, "", confidence, _IMPLIED)
                return
        if reference.namespace == "image":
            program = Reference("command", _path(reference.name).replace("/", "-"))
            for provider in self._exact.get(program, ()):
                yield provider._replace(confidence=PROGRAM_CONFIDENCE)


def choose(
    providers: Sequence[Provider], reference: Reference, source: str, kind: ConstraintKind
) -> tuple[Provider | None, tuple[str, ...]]:
    """The provider for a requirement of repository `source`, and others that offer it too.

    The repository's own packages come first, its examples and fixtures only when nobody offers the
    real thing or the requirement says that it means its own workspace. To others, fixtures and what
    is private provide nothing, an example or a test only what bears the name of its repository.
    """
    own = next((item for item in providers if item.repository == source), None)
    if own is not None and (own.place == PROPER or kind in _WITHIN):
        return own, ()
    usable = [item for item in providers if _is_meant_for_others(item, reference, source)]
    if not usable or (own is not None and usable[0].place != PROPER):
        return own, ()
    chosen = usable[0]
    others = {item.repository for item in usable if item.place == chosen.place}
    return chosen, tuple(sorted(others - {chosen.repository}))


def _is_meant_for_others(provider: Provider, reference: Reference, source: str) -> bool:
    if provider.repository == source or provider.private or provider.place == COPIED:
        return False
    return provider.place == PROPER or _bears_the_name_of(provider.repository, reference.name)


def _bears_the_name_of(repository: str, name: str) -> bool:
    flat = squashed(name)
    return any(term in flat for term in terms(_last(repository)))


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _path(image: str) -> str:
    """`owner/name` of a canonical image name, whatever registry it is at."""
    return image.partition("/")[2]


@cache
def _place(file: str) -> int:
    folders = file.lower().split("/")[:-1]
    if not _COPIES.isdisjoint(folders):
        return COPIED
    return PROPER if _ILLUSTRATIONS.isdisjoint(folders) else ILLUSTRATIVE
