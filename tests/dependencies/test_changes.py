from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.changes import Change, Difference, StoredEdge, compare
from gitops_auditor.dependencies.edges import Edge
from gitops_auditor.dependencies.matching import match
from tests.dependencies.factories import offer, repository, requirement


def edges(**versions: str) -> list[Edge]:
    needs = [requirement(f"npm:{name}", version) for name, version in versions.items()]
    return match([repository("a/app", *needs)])


def stored(found: list[Edge], *, removed: bool = False) -> dict[str, StoredEdge]:
    return {edge.id: StoredEdge(edge, removed) for edge in found}


def described(change: Change) -> tuple[str, str, str | None, str | None]:
    return change.kind, change.edge.name, change.old_version, change.new_version


def test_what_is_new_is_added() -> None:
    difference = compare(edges(x="^1", y="^1"), stored(edges(x="^1")))
    assert [edge.name for edge in difference.inserted] == ["y"]
    assert [described(item) for item in difference.changes] == [("added", "y", None, "^1")]


def test_what_is_gone_is_removed() -> None:
    difference = compare(edges(x="^1"), stored(edges(x="^1", y="^2")))
    assert [edge.name for edge in difference.removed] == ["y"]
    assert [described(item) for item in difference.changes] == [("removed", "y", "^2", None)]


def test_another_version_is_an_update() -> None:
    difference = compare(edges(x="^2"), stored(edges(x="^1")))
    assert [edge.version_constraint for edge in difference.updated] == ["^2"]
    assert [described(item) for item in difference.changes] == [("updated", "x", "^1", "^2")]


def test_another_provider_is_an_update_that_names_the_old_one() -> None:
    needs = repository("a/app", requirement("npm:x"))
    before = match([needs])
    after = match([needs, repository("b/x", offer("npm:x"))])
    difference = compare(after, stored(before))
    assert [(item.kind, item.old_target, item.edge.target_repo) for item in difference.changes] == [
        ("updated", None, "b/x")
    ]


def test_a_line_that_moved_is_stored_but_is_no_change() -> None:
    before = match([repository("a/app", requirement("npm:x", line=3))])
    after = match([repository("a/app", requirement("npm:x", line=9))])
    difference = compare(after, stored(before))
    assert [edge.line for edge in difference.updated] == [9]
    assert difference.changes == ()


def test_what_comes_back_is_added_again_in_its_old_row() -> None:
    difference = compare(edges(x="^1"), stored(edges(x="^1"), removed=True))
    assert (len(difference.inserted), len(difference.updated)) == (0, 1)
    assert [item.kind for item in difference.changes] == ["added"]


def test_what_was_removed_before_is_not_removed_twice() -> None:
    assert compare([], stored(edges(x="^1"), removed=True)) == Difference((), (), (), ())


versions = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["^1", "^2", "*"]))


def applied(difference: Difference, before: dict[str, StoredEdge]) -> dict[str, StoredEdge]:
    after = dict(before)
    for edge in (*difference.inserted, *difference.updated):
        after[edge.id] = StoredEdge(edge, removed=False)
    for edge in difference.removed:
        after[edge.id] = StoredEdge(after[edge.id].edge, removed=True)
    return after


@given(st.lists(versions, max_size=5))
def test_after_each_scan_the_live_edges_are_those_computed_and_a_second_scan_changes_nothing(
    history: list[dict[str, str]],
) -> None:
    state: dict[str, StoredEdge] = {}
    for requirements in history:
        found = edges(**requirements)
        state = applied(compare(found, state), state)
        live = [item.edge for item in state.values() if not item.removed]
        assert sorted(live) == sorted(found)
        assert compare(found, state) == Difference((), (), (), ())
