import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.graph import MOST_EVIDENCE, build_graph
from gitops_auditor.dependencies.graph_models import DependencyGraph, GraphQuery
from gitops_auditor.dependencies.models import Dependency, DependencyType, Reference, Scope
from gitops_auditor.dependencies.packages import ProvidedPackage
from gitops_auditor.errors import NotFound
from tests.factories.dependencies import REPOSITORIES, dependency, graphs

CHAIN = [dependency("web", "api"), dependency("api", "core"), dependency("core", "base")]
CHAIN_REPOSITORIES = ["web", "api", "core", "base", "alone"]


def ids(graph: DependencyGraph) -> list[str]:
    return [node.id for node in graph.nodes]


def test_an_edge_gathers_all_declarations_between_two_repositories() -> None:
    graph = build_graph(
        [
            dependency("a", "b", constraint="^1", scope=Scope.DEV, line=9, impact="low"),
            dependency("a", "b", constraint="^2", line=3, impact="high", confidence=0.9),
            dependency("a", "b", type_=DependencyType.DOCKER, scope=Scope.BUILD, file="Dockerfile"),
        ],
        ["a", "b"],
    )
    (edge,) = graph.edges
    assert (edge.source, edge.target, edge.count) == ("a", "b", 3)
    assert (edge.type, edge.types) == (DependencyType.NPM, ["docker", "npm"])
    assert (edge.scope, edge.scopes) == (Scope.RUNTIME, [Scope.RUNTIME, Scope.BUILD, Scope.DEV])
    assert (edge.impact, edge.version, edge.confidence) == ("high", "^2", 1.0)
    assert [(line.file, line.line) for line in edge.evidence] == [
        ("package.json", 3),
        ("Dockerfile", 1),
        ("package.json", 9),
    ]


def test_evidence_is_limited_and_counted() -> None:
    many = [dependency("a", "b", line=line) for line in range(1, 30)]
    (edge,) = build_graph(many, ["a", "b"]).edges
    assert edge.count == 29
    assert [line.line for line in edge.evidence] == list(range(1, MOST_EVIDENCE + 1))


def test_the_summary_counts_edges_by_impact_and_type() -> None:
    graph = build_graph(
        [
            dependency("a", "b", impact="critical"),
            dependency("a", "c", impact="high"),
            dependency("b", "c", impact="low", type_=DependencyType.HELM),
            dependency("b", "c", impact="low", line=2),
        ],
        ["a", "b", "c"],
    )
    summary = graph.summary
    assert (summary.repositories, summary.total_dependencies, summary.declarations) == (3, 3, 4)
    assert (summary.critical_impact, summary.high_impact, summary.low_impact) == (1, 1, 1)
    assert summary.dependency_types == {"helm": 1, "npm": 3}


def test_phases_put_providers_first_and_isolated_repositories_with_them() -> None:
    graph = build_graph(CHAIN, CHAIN_REPOSITORIES)
    assert [phase.nodes for phase in graph.phases] == [
        ["alone", "base"],
        ["core"],
        ["api"],
        ["web"],
    ]
    assert [phase.number for phase in graph.phases] == [1, 2, 3, 4]
    assert all(phase.warning is None for phase in graph.phases)


def test_a_broken_edge_is_reported_with_its_evidence() -> None:
    graph = build_graph(
        [dependency("a", "b"), dependency("b", "a", scope=Scope.CI, file="ci.yml", line=7)],
        ["a", "b"],
    )
    (cycle,) = graph.cycles
    assert cycle.resolved
    assert [(edge.source, edge.target, edge.scope) for edge in cycle.broken_edges] == [
        ("b", "a", Scope.CI)
    ]
    assert cycle.broken_edges[0].evidence[0].file == "ci.yml"
    assert cycle.broken_edges[0].evidence[0].line == 7


def test_a_cycle_at_run_time_is_one_phase_with_a_warning() -> None:
    graph = build_graph([dependency("a", "b"), dependency("b", "a")], ["a", "b"])
    assert not graph.cycles[0].resolved
    assert graph.phases[0].nodes == ["a", "b"]
    assert graph.phases[0].warning is not None
    assert "a, b" in graph.phases[0].warning


@pytest.mark.parametrize(
    ("direction", "depth", "expected", "beyond"),
    [
        ("dependencies", 1, ["api", "core"], 1),
        ("dependents", 1, ["api", "web"], 0),
        ("both", 1, ["api", "core", "web"], 1),
        ("both", None, ["api", "base", "core", "web"], 0),
    ],
)
def test_a_focus_shows_what_is_near_it(
    direction: str, depth: int | None, expected: list[str], beyond: int
) -> None:
    query = GraphQuery.model_validate({"repository": "api", "direction": direction, "depth": depth})
    graph = build_graph(CHAIN, CHAIN_REPOSITORIES, query)
    assert ids(graph) == expected
    assert (graph.metadata.depth, graph.metadata.beyond_depth) == (depth, beyond)


def test_an_unknown_focus_is_not_found() -> None:
    with pytest.raises(NotFound, match="'nope'"):
        build_graph(CHAIN, CHAIN_REPOSITORIES, GraphQuery(repository="nope"))


def test_filters_leave_out_types_scopes_and_uncertain_edges() -> None:
    declared = [
        dependency("a", "b", scope=Scope.TEST),
        dependency("a", "c", type_=DependencyType.GO),
        dependency("b", "c", confidence=0.5),
    ]

    def pairs(query: GraphQuery) -> list[str]:
        return [edge.source + edge.target for edge in build_graph(declared, "abc", query).edges]

    assert pairs(GraphQuery()) == ["ab", "ac", "bc"]
    assert pairs(GraphQuery(scopes=(Scope.TEST,))) == ["ab"]
    assert pairs(GraphQuery(types=(DependencyType.GO,))) == ["ac"]
    assert pairs(GraphQuery(min_confidence=0.7)) == ["ab", "ac"]


def test_what_comes_from_outside_is_shown_on_demand_under_one_name() -> None:
    declared = [
        dependency("a", None, name="Flask", type_=DependencyType.PYTHON),
        dependency("b", None, name="flask[async]", type_=DependencyType.PYTHON),
    ]
    assert ids(build_graph(declared, "ab")) == ["a", "b"]
    graph = build_graph(declared, "ab", GraphQuery(include_external=True))
    assert ids(graph) == ["a", "b", "pypi:flask"]
    assert (graph.nodes[2].type, graph.nodes[2].dependents) == ("external", 2)
    assert all("pypi:flask" not in phase.nodes for phase in graph.phases)


def test_packages_inside_a_repository_are_nodes_at_package_detail() -> None:
    declared = [
        dependency("mono", "mono", source_package="app", target_package="lib"),
        dependency("web", "mono", source_package="web", target_package="app"),
    ]
    provided = [ProvidedPackage("mono", Reference("npm", "lib"), "1.4.0")]
    graph = build_graph(declared, ["mono", "web"], GraphQuery(detail="package"), provided)
    assert ids(graph) == ["mono#app", "mono#lib", "web#web"]
    assert [(edge.source, edge.target) for edge in graph.edges] == [
        ("mono#app", "mono#lib"),
        ("web#web", "mono#app"),
    ]
    assert (graph.nodes[1].group, graph.nodes[1].version) == ("mono", "1.4.0")
    assert [
        (edge.source, edge.target) for edge in build_graph(declared, ["mono", "web"]).edges
    ] == [("web", "mono")]


def test_a_limit_keeps_the_best_connected_and_says_what_it_left_out() -> None:
    star = [dependency(f"leaf{number:02}", "hub") for number in range(20)]
    repositories = ["hub", *(f"leaf{number:02}" for number in range(20))]
    graph = build_graph(star, repositories, GraphQuery(limit=11))
    assert graph.truncated
    assert len(graph.nodes) + len(graph.edges) <= 11
    assert "hub" in ids(graph)
    assert len(graph.edges) == 5
    assert graph.omitted_nodes == 21 - len(graph.nodes)
    assert graph.omitted_edges == 20 - len(graph.edges)
    assert graph.summary.total_dependencies == 20
    assert next(node for node in graph.nodes if node.id == "hub").dependents == 20


def test_a_limit_keeps_what_is_near_the_focus() -> None:
    query = GraphQuery(repository="base", limit=3)
    assert ids(build_graph(CHAIN, CHAIN_REPOSITORIES, query)) == ["base", "core"]


@given(graphs(), st.randoms(use_true_random=False))
def test_a_graph_does_not_depend_on_the_order_of_its_input(
    declared: list[Dependency], shuffle: random.Random
) -> None:
    shuffled, repositories = list(declared), list(REPOSITORIES)
    shuffle.shuffle(shuffled)
    shuffle.shuffle(repositories)
    for query in (GraphQuery(), GraphQuery(limit=7), GraphQuery(repository="a", depth=1)):
        assert build_graph(declared, REPOSITORIES, query) == build_graph(
            shuffled, repositories, query
        )


@given(graphs(), st.integers(1, 40))
def test_a_limit_is_never_exceeded_and_edges_keep_both_ends(
    declared: list[Dependency], limit: int
) -> None:
    graph = build_graph(declared, REPOSITORIES, GraphQuery(limit=limit))
    whole = build_graph(declared, REPOSITORIES)
    assert len(graph.nodes) + len(graph.edges) <= limit
    assert graph.truncated == (len(whole.nodes) + len(whole.edges) > limit)
    assert graph.omitted_nodes + len(graph.nodes) == len(whole.nodes)
    assert graph.omitted_edges + len(graph.edges) == len(whole.edges)
    shown = set(ids(graph))
    assert all({edge.source, edge.target} <= shown for edge in graph.edges)


def test_the_version_of_a_graph_changes_with_its_content_only() -> None:
    first = build_graph(CHAIN, CHAIN_REPOSITORIES).metadata.graph_version
    assert first == build_graph(CHAIN[::-1], CHAIN_REPOSITORIES).metadata.graph_version
    assert first != build_graph(CHAIN[1:], CHAIN_REPOSITORIES).metadata.graph_version
