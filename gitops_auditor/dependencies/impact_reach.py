"""Which repositories a change reaches, how far they are, and by which lines. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from gitops_auditor.dependencies.models import Dependency, Scope
from gitops_auditor.dependencies.packages import SCOPES, STRENGTH, evidence_order

Place = tuple[str, str]
"""A repository and a package of it; the package "" stands for the whole repository."""


class Reached(NamedTuple):
    """How a repository is reached: steps between repositories, the strongest scope at which the
    change arrives, and the dependencies of a shortest path, that of the repository itself first.
    """

    distance: int
    scope: Scope
    path: tuple[Dependency, ...]


class _Cost(NamedTuple):
    distance: int
    weakest: int

    def after(self, use: Dependency) -> "_Cost":
        """A step inside one repository is no distance."""
        step = int(use.source_repo != use.target_repo)
        return _Cost(self.distance + step, max(self.weakest, STRENGTH[use.scope]))


class Uses:
    """The dependencies of a workspace by what they need, the strongest evidence first."""

    def __init__(self, dependencies: Iterable[Dependency]) -> None:
        self._by_place: dict[Place, list[Dependency]] = defaultdict(list)
        self._by_repository: dict[str, list[Dependency]] = defaultdict(list)
        for use in sorted(dependencies, key=evidence_order):
            if use.target_repo is not None:
                self._by_place[use.target_repo, use.target_package].append(use)
                self._by_repository[use.target_repo].append(use)

    def of(self, place: Place) -> Iterator[Dependency]:
        """Every dependency on a package, or on the whole repository that holds it."""
        repository, package = place
        if package == "":
            yield from self._by_repository.get(repository, ())
            return
        yield from self._by_place.get(place, ())
        yield from self._by_place.get((repository, ""), ())

    def named(self, repository: str, package: str) -> Iterator[Dependency]:
        """Every dependency on a package that is given by its own name or by the name asked for."""
        for use in self._by_repository.get(repository, ()):
            if package in {use.target_package, use.name} or use.target_package == "":
                yield use


def reach(uses: Uses, repository: str, package: str | None) -> dict[str, Reached]:
    """Every repository that a change reaches, directly or through others, the changed one included
    when the change comes back to it.
    """
    first = list(uses.named(repository, package) if package else uses.of((repository, "")))
    nearest = _search(uses, first, lambda cost: (cost.distance, cost.weakest))
    strongest = _search(uses, first, lambda cost: (cost.weakest, cost.distance))
    scopes: dict[str, int] = {}
    for (reached, _), way in strongest.items():
        scopes[reached] = min(scopes.get(reached, way.cost.weakest), way.cost.weakest)
    found: dict[str, Reached] = {}
    for place, way in nearest.items():
        known = found.get(place[0])
        if place[0] == repository:
            continue
        if known is None or way.cost.distance < known.distance:
            scope = SCOPES[scopes[place[0]]]
            found[place[0]] = Reached(way.cost.distance, scope, tuple(_path(nearest, place)))
    return found


class _Way(NamedTuple):
    cost: _Cost
    use: Dependency
    previous: Place | None


def _search(
    uses: Uses, first: Iterable[Dependency], priority: Callable[[_Cost], tuple[int, int]]
) -> dict[Place, _Way]:
    """The cheapest way to every place. Among equals the first in a fixed order is kept."""
    found: dict[Place, _Way] = {}
    turn = count()
    ahead: list[tuple[tuple[int, int], Place, int, _Way]] = []

    def push(before: _Cost, use: Dependency, previous: Place | None) -> None:
        place = use.source_repo, use.source_package
        if place not in found:
            cost = before.after(use)
            heappush(ahead, (priority(cost), place, next(turn), _Way(cost, use, previous)))

    for use in first:
        push(_Cost(0, 0), use, None)
    while ahead:
        _, place, _, way = heappop(ahead)
        if place not in found:
            found[place] = way
            for use in uses.of(place):
                push(way.cost, use, place)
    return found


def _path(ways: Mapping[Place, _Way], place: Place | None) -> Iterator[Dependency]:
    while place is not None:
        way = ways[place]
        yield way.use
        place = way.previous
