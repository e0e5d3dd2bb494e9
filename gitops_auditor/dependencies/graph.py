"""Builds the dependency graph of a workspace. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from typing import Final

from gitops_auditor.dependencies.arrangement import Arrangement, CyclicGroup, Link, arrange
from gitops_auditor.dependencies.graph_models import (
    BrokenEdge,
    Cycle,
    DependencyGraph,
    Evidence,
    GraphEdge,
    GraphMetadata,
    GraphNode,
    GraphQuery,
    GraphSummary,
    Phase,
)
from gitops_auditor.dependencies.graph_nodes import Naming, name_nodes
from gitops_auditor.dependencies.graph_selection import Pair, Selection, cut, select
from gitops_auditor.dependencies.models import Dependency, ImpactLevel
from gitops_auditor.dependencies.packages import (
    LEVELS,
    STRENGTH,
    ProvidedPackage,
    evidence_order,
)

MOST_EVIDENCE: Final = 5
"""Lines of evidence that an edge carries; its count says how many there are."""

Bundles = Mapping[Pair, Sequence[Dependency]]


def build_graph(
    dependencies: Iterable[Dependency],
    repositories: Collection[str],
    query: GraphQuery | None = None,
    provided: Iterable[ProvidedPackage] = (),
) -> DependencyGraph:
    """The graph of what repositories need of one another, or the part that `query` asks for.

    The same input in another order gives an equal graph. Raises NotFound when the query's
    repository is not among `repositories`.
    """
    query = query or GraphQuery()
    wanted = [one for one in dependencies if _is_wanted(one, query)]
    naming = name_nodes(wanted, repositories, query.detail, provided)
    bundles = _bundles(wanted, naming)
    selection = select(naming, bundles, query)
    chosen = {pair: bundles[pair] for pair in selection.edges}
    internal = [node for node in selection.nodes if naming.nodes[node].type != "external"]
    arrangement = arrange(internal, _links(chosen))
    shown = cut(selection, chosen, query)
    return DependencyGraph(
        nodes=_nodes(shown, chosen, naming),
        edges=[edge_of(pair, chosen[pair]) for pair in shown.edges],
        summary=_summary(selection, chosen, naming),
        metadata=_metadata(selection, chosen, query),
        cycles=[_cycle(group, chosen) for group in arrangement.cycles],
        phases=_phases(arrangement, set(shown.nodes)),
        truncated=shown != selection,
        omitted_nodes=len(selection.nodes) - len(shown.nodes),
        omitted_edges=len(selection.edges) - len(shown.edges),
    )


def edge_of(pair: Pair, declarations: Sequence[Dependency]) -> GraphEdge:
    """The edge that declarations, sorted by strength, amount to."""
    strongest = declarations[0]
    return GraphEdge(
        source=pair[0],
        target=pair[1],
        type=strongest.dependency_type,
        types=sorted({one.dependency_type for one in declarations}),
        scope=strongest.scope,
        scopes=sorted({one.scope for one in declarations}, key=STRENGTH.__getitem__),
        impact=_highest(declarations),
        version=strongest.version_constraint,
        confidence=max(one.confidence for one in declarations),
        count=len(declarations),
        evidence=evidence_of(declarations),
    )


def evidence_of(declarations: Sequence[Dependency]) -> list[Evidence]:
    """The first few declarations as evidence."""
    return [
        Evidence(
            repository=one.source_repo,
            file=one.file,
            line=one.line,
            name=one.name,
            constraint=one.version_constraint,
            constraint_kind=one.constraint_kind,
            type=one.dependency_type,
            scope=one.scope,
        )
        for one in declarations[:MOST_EVIDENCE]
    ]


def _is_wanted(dependency: Dependency, query: GraphQuery) -> bool:
    return (
        dependency.confidence >= query.min_confidence
        and (query.include_external or dependency.target_repo is not None)
        and (not query.types or dependency.dependency_type in query.types)
        and (not query.scopes or dependency.scope in query.scopes)
    )


def _bundles(dependencies: Iterable[Dependency], naming: Naming) -> Bundles:
    bundles: dict[Pair, list[Dependency]] = defaultdict(list)
    for dependency in dependencies:
        source, target = naming.ends(dependency)
        if source != target and source in naming.nodes and target in naming.nodes:
            bundles[source, target].append(dependency)
    for declarations in bundles.values():
        declarations.sort(key=evidence_order)
    return bundles


def _links(bundles: Bundles) -> Iterable[Link]:
    return (Link(*pair, declarations[0].scope) for pair, declarations in bundles.items())


def _highest(declarations: Iterable[Dependency]) -> ImpactLevel:
    return max((one.impact_level for one in declarations), key=LEVELS.index)


def _nodes(shown: Selection, bundles: Bundles, naming: Naming) -> list[GraphNode]:
    """Degrees count the whole selection, so that a cut graph still says what is behind a node."""
    needs = Counter(source for source, _ in bundles)
    needed = Counter(target for _, target in bundles)
    return [
        naming.nodes[node].model_copy(
            update={"dependencies": needs[node], "dependents": needed[node]}
        )
        for node in shown.nodes
    ]


def _summary(selection: Selection, bundles: Bundles, naming: Naming) -> GraphSummary:
    levels = Counter(_highest(declarations) for declarations in bundles.values())
    types = Counter(
        chain.from_iterable(
            {str(one.dependency_type) for one in declarations} for declarations in bundles.values()
        )
    )
    return GraphSummary(
        repositories=len({naming.repository[node] for node in selection.nodes} - {None}),
        nodes=len(selection.nodes),
        total_dependencies=len(bundles),
        declarations=sum(len(declarations) for declarations in bundles.values()),
        critical_impact=levels["critical"],
        high_impact=levels["high"],
        medium_impact=levels["medium"],
        low_impact=levels["low"],
        dependency_types=dict(sorted(types.items())),
    )


def _metadata(selection: Selection, bundles: Bundles, query: GraphQuery) -> GraphMetadata:
    digest = sha256()
    for node in selection.nodes:
        digest.update(f"{node}\n".encode("utf-8", "surrogatepass"))
    for declarations in bundles.values():
        for one in declarations:
            line = f"{one.id} {one.version_constraint} {one.target_repo} {one.impact_level}\n"
            digest.update(line.encode("utf-8", "surrogatepass"))
    confirmed = (one.last_validated for declarations in bundles.values() for one in declarations)
    return GraphMetadata(
        graph_version=digest.hexdigest()[:16],
        last_updated=max(confirmed, default=None),
        depth=query.depth,
        beyond_depth=selection.beyond_depth,
    )


def _cycle(group: CyclicGroup, bundles: Bundles) -> Cycle:
    return Cycle(
        nodes=list(group.nodes),
        path=list(group.path),
        resolved=not group.remaining,
        broken_edges=[
            BrokenEdge(
                source=pair[0],
                target=pair[1],
                scope=bundles[pair][0].scope,
                evidence=evidence_of(bundles[pair]),
            )
            for pair in group.broken
        ],
        remaining=[list(nodes) for nodes in group.remaining],
    )


def _phases(arrangement: Arrangement, shown: Collection[str]) -> list[Phase]:
    return [
        Phase(
            number=number,
            nodes=[node for node in nodes if node in shown],
            warning=cycle_warning(nodes, arrangement.cycles),
        )
        for number, nodes in enumerate(arrangement.phases, start=1)
    ]


def cycle_warning(nodes: Collection[str], cycles: Iterable[CyclicGroup]) -> str | None:
    """What to know about a phase that holds nodes which need one another at run time."""
    inside = set(nodes)
    tangled = [group for cycle in cycles for group in cycle.remaining if inside.issuperset(group)]
    if not tangled:
        return None
    groups = "; ".join(", ".join(group) for group in tangled)
    return f"These need one another at run time and can only be changed together: {groups}."
