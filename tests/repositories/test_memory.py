from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.repositories.memory import Recent, RecentBytes


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_the_values_that_were_used_last_are_remembered_and_no_others(
    used: list[int], most: int
) -> None:
    recent: Recent[int, str] = Recent(most)
    for one in used:
        recent.put(one, str(one))
    kept = list(dict.fromkeys(reversed(used)))[:most]
    assert [one for one in range(10) if recent.get(one) is not None] == sorted(kept)


def test_a_value_that_was_asked_for_stays_longer() -> None:
    recent: Recent[int, str] = Recent(2)
    recent.put(1, "one")
    recent.put(2, "two")
    assert recent.get(1) == "one"
    recent.put(3, "three")
    assert (recent.get(1), recent.get(2)) == ("one", None)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6))), st.integers(1, 12))
def test_values_are_remembered_by_their_size_the_last_ones_longest(
    used: list[tuple[int, int]], room: int
) -> None:
    recent: RecentBytes[int, int] = RecentBytes(room)
    for key, size in used:
        recent.put(key, size, size)
    kept = recent.names()
    assert sum(dict(used)[key] for key in kept) <= room
    latest = [*dict.fromkeys(key for key, _ in reversed(used))]
    assert kept == latest[: len(kept)][::-1]
    assert all(recent.get(key) == dict(used)[key] for key in kept)


def test_a_value_that_is_dropped_leaves_its_room() -> None:
    recent: RecentBytes[str, int] = RecentBytes(2)
    recent.put("one", 1, 1)
    recent.put("two", 2, 1)
    recent.drop("one")
    recent.put("three", 3, 1)
    assert (recent.get("one"), recent.get("two"), recent.get("three")) == (None, 2, 3)
