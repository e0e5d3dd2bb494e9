from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.repositories.memory import Recent


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
