"""Which nodes and edges a query shows: what is near the focus, and as much as the limit allows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gitops_auditor.dependencies.graph_models import GraphQuery
from gitops_auditor.dependencies.graph_nodes import Naming
from gitops_auditor.dependencies.models import Dependency
from gitops_auditor.dependencies.packages import LEVELS, STRENGTH
from gitops_auditor.errors import NotFound

Pair = tuple[str, str]
Neighbours = Mapping[str, Sequence[str]]


class Selection(NamedTuple):
    """Sorted nodes and edges, and how far from the focus each node is."""

    nodes: tuple[str, ...]
    edges: tuple[Pair, ...]
    distance: Mapping[str, int]
    beyond_depth: int


def select(naming: Naming, pairs: Iterable[Pair], query: GraphQuery) -> Selection:
    """The nodes within reach of the focus, all of them without one, and the edges among these."""
    pairs = sorted(pairs)
    if query.repository is None:
        return Selection(tuple(naming.nodes), tuple(pairs), {}, 0)
    start = [id_ for id_, owner in naming.repository.items() if owner == query.repository]
    if not start:
        raise NotFound(
            f"There is no repository {query.repository!r} in the graph.",
            hint="List the repositories to see their ids, or scan the workspace first.",
        )
    reached = _reach(start, pairs, query)
    most = query.depth if query.depth is not None else len(reached)
    near = {node: steps for node, steps in reached.items() if steps <= most}
    nodes = tuple(node for node in naming.nodes if node in near)
    edges = tuple(pair for pair in pairs if pair[0] in near and pair[1] in near)
    return Selection(nodes, edges, near, len(reached) - len(near))


def cut(
    selection: Selection, bundles: Mapping[Pair, Sequence[Dependency]], query: GraphQuery
) -> Selection:
    """At most `limit` nodes and edges: the nearest and best connected nodes, and the edges among
    them that matter most.
    """
    if len(selection.nodes) + len(selection.edges) <= query.limit:
        return selection
    degree = Counter(end for pair in selection.edges for end in pair)
    ranked = sorted(
        selection.nodes, key=lambda node: (selection.distance.get(node, 0), -degree[node], node)
    )
    room = max((query.limit + 1) // 2, query.limit - len(selection.edges))
    kept = set(ranked[:room])
    among = [pair for pair in selection.edges if pair[0] in kept and pair[1] in kept]
    among.sort(key=lambda pair: (*_weight(bundles[pair]), pair))
    edges = tuple(sorted(among[: max(query.limit - len(kept), 0)]))
    nodes = tuple(node for node in selection.nodes if node in kept)
    return selection._replace(nodes=nodes, edges=edges)


def distances(start: Iterable[str], neighbours: Neighbours) -> dict[str, int]:
    """Steps from the nearest start to every node that can be reached."""
    found = dict.fromkeys(start, 0)
    frontier = list(found)
    while frontier:
        ahead: list[str] = []
        for node in frontier:
            for other in neighbours.get(node, ()):
                if other not in found:
                    found[other] = found[node] + 1
                    ahead.append(other)
        frontier = ahead
    return found


def _reach(start: Sequence[str], pairs: Iterable[Pair], query: GraphQuery) -> dict[str, int]:
    needs: dict[str, list[str]] = defaultdict(list)
    needed_by: dict[str, list[str]] = defaultdict(list)
    for source, target in pairs:
        needs[source].append(target)
        needed_by[target].append(source)
    down = distances(start, needs) if query.direction != "dependents" else {}
    up = distances(start, needed_by) if query.direction != "dependencies" else {}
    return {
        node: min(found[node] for found in (down, up) if node in found)
        for node in sorted({*down, *up})
    }


def _weight(declarations: Sequence[Dependency]) -> tuple[int, int]:
    level = max(LEVELS.index(one.impact_level) for one in declarations)
    return -level, STRENGTH[declarations[0].scope]
