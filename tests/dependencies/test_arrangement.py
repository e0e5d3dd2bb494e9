from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.arrangement import Arrangement, Link, arrange
from gitops_auditor.dependencies.models import Scope

R, B, D, C, T, E = Scope
NODES = "abcdefgh"
LINKS = st.lists(
    st.builds(Link, st.sampled_from(NODES), st.sampled_from(NODES), st.sampled_from(Scope)),
    max_size=30,
)


def test_providers_come_before_their_consumers() -> None:
    found = arrange("abcd", [Link("a", "b", R), Link("b", "c", R), Link("d", "c", D)])
    assert found == Arrangement((("c",), ("b", "d"), ("a",)), ())


def test_a_chain_is_never_one_phase() -> None:
    assert len(arrange("abc", [Link("a", "b", R), Link("b", "c", R)]).phases) == 3


def test_the_weakest_scope_gives_way_in_a_cycle() -> None:
    found = arrange("ab", [Link("a", "b", R), Link("b", "a", T)])
    assert found.phases == (("b",), ("a",))
    (cycle,) = found.cycles
    assert cycle.broken == (("b", "a"),)
    assert cycle.path == ("a", "b", "a")
    assert cycle.remaining == ()


def test_scopes_give_way_from_example_to_build() -> None:
    for stronger, weaker in zip([R, B, D, C, T], [B, D, C, T, E], strict=True):
        (cycle,) = arrange("ab", [Link("a", "b", stronger), Link("b", "a", weaker)]).cycles
        assert cycle.broken == (("b", "a"),)


def test_a_cycle_at_run_time_shares_one_phase() -> None:
    found = arrange("abc", [Link("a", "b", R), Link("b", "a", R), Link("c", "a", R)])
    assert found.phases == (("a", "b"), ("c",))
    assert found.cycles[0].remaining == (("a", "b"),)
    assert found.cycles[0].broken == ()


def test_a_weak_link_that_the_order_keeps_is_not_broken() -> None:
    links = [Link("a", "b", R), Link("b", "a", D), Link("c", "b", D), Link("a", "c", D)]
    (cycle,) = arrange("abc", links).cycles
    assert cycle.broken == (("b", "a"),)


def test_one_link_is_broken_when_one_is_enough() -> None:
    ring = [Link(one, other, D) for one, other in zip("abcdef", "bcdefa", strict=True)]
    (cycle,) = arrange("abcdef", ring).cycles
    assert len(cycle.broken) == 1


def test_the_strongest_of_several_links_counts() -> None:
    links = [Link("a", "b", E), Link("a", "b", R), Link("b", "a", D)]
    assert arrange("ab", links).cycles[0].broken == (("b", "a"),)


def test_unknown_nodes_and_links_to_oneself_are_ignored() -> None:
    assert arrange("a", [Link("a", "a", R), Link("a", "x", R)]) == Arrangement((("a",),), ())


def test_nothing_is_arranged_into_nothing() -> None:
    assert arrange([], []) == Arrangement((), ())


@given(LINKS)
def test_each_node_is_in_exactly_one_phase(links: list[Link]) -> None:
    phases = arrange(NODES, links).phases
    assert sorted(chain.from_iterable(phases)) == sorted(NODES)
    assert all(phases)


@given(LINKS)
def test_no_link_stays_inside_a_phase_or_leads_backwards_unless_it_is_reported(
    links: list[Link],
) -> None:
    found = arrange(NODES, links)
    phase = {node: number for number, nodes in enumerate(found.phases) for node in nodes}
    broken = set(chain.from_iterable(cycle.broken for cycle in found.cycles))
    together = [set(group) for cycle in found.cycles for group in cycle.remaining]
    for source, target, _ in links:
        excused = (source, target) in broken or any({source, target} <= group for group in together)
        assert source == target or excused or phase[source] > phase[target]
    for source, target in broken:
        assert phase[source] <= phase[target]


@given(LINKS)
def test_runtime_links_are_never_broken(links: list[Link]) -> None:
    runtime = {(source, target) for source, target, scope in links if scope is R}
    found = arrange(NODES, links)
    assert not runtime & set(chain.from_iterable(cycle.broken for cycle in found.cycles))
    for group in chain.from_iterable(cycle.remaining for cycle in found.cycles):
        assert all(any((one, other) in runtime for other in group) for one in group)


@given(LINKS.flatmap(lambda links: st.tuples(st.just(links), st.permutations(links))))
def test_the_order_of_the_input_does_not_matter(pair: tuple[list[Link], list[Link]]) -> None:
    links, shuffled = pair
    assert arrange(NODES, links) == arrange(reversed(NODES), shuffled)


@given(LINKS)
def test_every_cycle_names_a_real_path_through_its_nodes(links: list[Link]) -> None:
    known = {(source, target) for source, target, _ in links}
    for cycle in arrange(NODES, links).cycles:
        assert cycle.path[0] == cycle.path[-1]
        assert set(cycle.path) <= set(cycle.nodes)
        assert all(step in known for step in zip(cycle.path, cycle.path[1:], strict=False))
