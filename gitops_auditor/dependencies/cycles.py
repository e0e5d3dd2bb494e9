"""Phases and cycles by networkx: condensation, topological generations, shortest paths.

Imported through `arrangement` only, when an order is asked for.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import TypeAlias

import networkx as nx

from gitops_auditor.dependencies.arrangement import Arrangement, CyclicGroup, Link
from gitops_auditor.dependencies.models import Scope
from gitops_auditor.dependencies.packages import SCOPES, STRENGTH

Graph: TypeAlias = "nx.DiGraph[str]"
Pair = tuple[str, str]


def arrange(nodes: Iterable[str], links: Iterable[Link]) -> Arrangement:
    """See `arrangement.arrange`."""
    ordered = sorted(set(nodes))
    scopes = _strongest(ordered, links)
    graph = _graph(ordered, scopes)
    groups = _groups(graph)
    dropped = sorted(pair for group in groups for pair in _give_way(graph, group, scopes))
    kept = _graph(ordered, scopes.keys() - set(dropped))
    member = _components(kept)
    order = _Order(kept, member)
    for scope in SCOPES[1:]:
        if pairs := [pair for pair in dropped if scopes[pair] is scope]:
            order.restore(pairs)
    phase = order.phases()
    cycles = tuple(_cycle(graph, group, dropped, member, phase) for group in groups)
    return Arrangement(_listed(phase, member), cycles)


class _Order:
    """An acyclic order of components, into which dropped links are put back where they fit."""

    def __init__(self, kept: Graph, member: Mapping[str, str]) -> None:
        self._member = member
        self._consumers: dict[str, set[str]] = {component: set() for component in member.values()}
        for source, target in kept.edges:
            self._add(source, target)

    def restore(self, pairs: Sequence[Pair]) -> None:
        """Put back the links that agree with an order chosen to agree with many of them."""
        weak = [(self._member[source], self._member[target]) for source, target in pairs]
        place = {component: place for place, component in enumerate(self._sorted(weak))}
        for source, target in pairs:
            if place[self._member[target]] < place[self._member[source]]:
                self._add(source, target)

    def phases(self) -> dict[str, int]:
        """The 0-based phase of each component."""
        graph: Graph = nx.DiGraph()
        graph.add_nodes_from(sorted(self._consumers))
        graph.add_edges_from(
            (target, source) for target, found in self._consumers.items() for source in found
        )
        generations = nx.topological_generations(graph)
        return {node: index for index, found in enumerate(generations) for node in found}

    def _add(self, source: str, target: str) -> None:
        consumer, provider = self._member[source], self._member[target]
        if consumer != provider:
            self._consumers[provider].add(consumer)

    def _sorted(self, weak: Sequence[Pair]) -> Iterator[str]:
        """Providers first; among those that are ready, the one with fewest weak needs unmet."""
        needs = Counter(consumer for found in self._consumers.values() for consumer in found)
        unmet = Counter(source for source, _ in weak)
        wanted_by: dict[str, list[str]] = defaultdict(list)
        for source, target in weak:
            wanted_by[target].append(source)
        ready = [(unmet[node], node) for node in self._consumers if not needs[node]]
        heapify(ready)
        done: set[str] = set()
        while ready:
            _, node = heappop(ready)
            if node in done:
                continue
            done.add(node)
            yield node
            needs.subtract(self._consumers[node])
            unmet.subtract(wanted_by[node])
            for consumer in (*self._consumers[node], *wanted_by[node]):
                if not needs[consumer] and consumer not in done:
                    heappush(ready, (unmet[consumer], consumer))


def _strongest(nodes: Iterable[str], links: Iterable[Link]) -> dict[Pair, Scope]:
    """The strongest scope of each pair of different known nodes, sorted by pair."""
    known = set(nodes)
    found: dict[Pair, Scope] = {}
    for source, target, scope in links:
        if source != target and source in known and target in known:
            present = found.get((source, target), scope)
            found[source, target] = min(present, scope, key=STRENGTH.__getitem__)
    return dict(sorted(found.items()))


def _graph(nodes: Iterable[str], pairs: Iterable[Pair]) -> Graph:
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(pairs)
    return graph


def _groups(graph: Graph) -> list[tuple[str, ...]]:
    """The strongly connected components of more than one node, sorted."""
    found = (tuple(sorted(group)) for group in nx.strongly_connected_components(graph))
    return sorted(group for group in found if len(group) > 1)


def _give_way(graph: Graph, group: tuple[str, ...], scopes: Mapping[Pair, Scope]) -> list[Pair]:
    """The links of the weakest scope inside a group, and inside what then remains of it, down to
    runtime.
    """
    dropped: list[Pair] = []
    pending = [(group, _inside(group, graph))]
    while pending:
        members, pairs = pending.pop()
        weakest = max((scopes[pair] for pair in pairs), key=STRENGTH.__getitem__)
        if weakest is SCOPES[0]:
            continue
        dropped.extend(pair for pair in pairs if scopes[pair] is weakest)
        rest = _graph(members, (pair for pair in pairs if scopes[pair] is not weakest))
        pending.extend((smaller, _inside(smaller, rest)) for smaller in _groups(rest))
    return dropped


def _inside(group: Collection[str], graph: Graph) -> list[Pair]:
    members = set(group)
    return [(one, other) for one in group for other in graph.adj[one] if other in members]


def _components(kept: Graph) -> dict[str, str]:
    """The first node of the component that each node belongs to."""
    return {node: min(group) for group in nx.strongly_connected_components(kept) for node in group}


def _listed(phase: Mapping[str, int], member: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    phases: list[list[str]] = [[] for _ in set(phase.values())]
    for node, component in member.items():
        phases[phase[component]].append(node)
    return tuple(tuple(sorted(nodes)) for nodes in phases)


def _cycle(
    graph: Graph,
    group: tuple[str, ...],
    dropped: Iterable[Pair],
    member: Mapping[str, str],
    phase: Mapping[str, int],
) -> CyclicGroup:
    inside = set(group)
    broken = [
        (source, target)
        for source, target in dropped
        if source in inside
        and member[source] != member[target]
        and phase[member[source]] <= phase[member[target]]
    ]
    together: dict[str, list[str]] = defaultdict(list)
    for node in group:
        together[member[node]].append(node)
    remaining = tuple(tuple(nodes) for nodes in together.values() if len(nodes) > 1)
    return CyclicGroup(group, _shortest_cycle(graph, group), tuple(broken), remaining)


def _shortest_cycle(graph: Graph, group: tuple[str, ...]) -> tuple[str, ...]:
    """A shortest cycle through the first node of the group."""
    first = group[0]
    inside = graph.subgraph(group)
    back: Mapping[str, Sequence[str]] = nx.single_target_shortest_path(inside, first)
    ways = [back[node] for node in inside.successors(first)]
    return (first, *min(ways, key=lambda way: (len(way), *way)))
