import random

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.models import Dependency, Scope
from gitops_auditor.errors import Conflict
from gitops_auditor.orchestrator.planning.ordering import OrderedPhase, links_among, ordered
from tests.factories.dependencies import dependency


def numbers_of(phases: list[OrderedPhase]) -> dict[str, int]:
    return {name: at for at, phase in enumerate(phases) for name in phase.repositories}


@st.composite
def workspaces(draw: st.DrawFn, *, acyclic: bool) -> tuple[list[str], list[Dependency]]:
    """The repositories of a plan and runtime edges, also of repositories outside of it."""
    size = draw(st.sampled_from([1, 2, 5, 20, 100, 500]))
    made = draw(st.randoms(use_true_random=True))
    names = [f"acme/r{number:03}" for number in range(size)]
    made.shuffle(names)
    edges = []
    for _ in range(made.randrange(3 * size)):
        one, other = made.randrange(size), made.randrange(size)
        source, target = (max(one, other), min(one, other)) if acyclic else (one, other)
        if source != target:
            edges.append(dependency(names[source], names[target]))
    return made.sample(names, made.randrange(1, size + 1)), edges


def reaching(chosen: list[str], edges: list[Dependency]) -> "nx.DiGraph[str]":
    """Who needs whom at run time, however far, among those that were chosen."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(chosen)
    graph.add_edges_from((one.source_repo, one.target_repo or "") for one in edges)
    closed = nx.transitive_closure(graph)
    return nx.DiGraph(closed.subgraph(chosen))


@given(workspaces(acyclic=True))
def test_what_is_needed_however_far_is_changed_in_an_earlier_phase(
    workspace: tuple[list[str], list[Dependency]],
) -> None:
    chosen, edges = workspace
    phases = ordered(chosen, links_among(chosen, edges), "refuse")
    at = numbers_of(phases)
    assert sorted(name for phase in phases for name in phase.repositories) == sorted(chosen)
    assert all(at[source] > at[target] for source, target in reaching(chosen, edges).edges)
    assert all(phase.warning is None for phase in phases)


@given(workspaces(acyclic=False))
def test_only_what_needs_one_another_shares_a_phase_and_a_warning_names_it(
    workspace: tuple[list[str], list[Dependency]],
) -> None:
    chosen, edges = workspace
    phases = ordered(chosen, links_among(chosen, edges), "together")
    at = numbers_of(phases)
    assert sorted(name for phase in phases for name in phase.repositories) == sorted(chosen)
    needs = reaching(chosen, edges)
    for source, target in needs.edges:
        if source == target:
            continue
        if not needs.has_edge(target, source):
            assert at[source] > at[target]
            continue
        assert at[source] == at[target]
        warning = phases[at[source]].warning or ""
        assert source in warning
        assert target in warning


@given(workspaces(acyclic=False), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_what_is_given(
    workspace: tuple[list[str], list[Dependency]], shuffling: random.Random
) -> None:
    chosen, edges = workspace
    first = ordered(chosen, links_among(chosen, edges), "together")
    shuffling.shuffle(chosen)
    shuffling.shuffle(edges)
    assert ordered(chosen, links_among(chosen, edges), "together") == first


def test_an_order_over_a_repository_that_is_not_in_the_plan_holds() -> None:
    edges = [dependency("web", "api"), dependency("api", "lib")]
    assert links_among(["web", "lib"], edges) == [("web", "lib")]
    phases = ordered(["web", "lib"], links_among(["web", "lib"], edges), "together")
    assert [phase.repositories for phase in phases] == [("lib",), ("web",)]


def test_what_is_only_needed_for_tests_orders_nothing() -> None:
    assert links_among(["web", "lib"], [dependency("web", "lib", scope=Scope.TEST)]) == []


def test_a_cycle_is_refused_by_its_names_where_that_is_wanted() -> None:
    edges = [dependency("a", "b"), dependency("b", "a")]
    with pytest.raises(Conflict, match="a needs b needs a"):
        ordered(["a", "b"], links_among(["a", "b"], edges), "refuse")
