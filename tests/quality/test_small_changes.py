from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.quality.small_changes import SMALL_CHANGE, new_code_coverage, not_applied


def test_only_changed_lines_that_hold_code_are_counted() -> None:
    found = new_code_coverage(
        {"a.py": [1, 2, 3, 3, 9], "b.py": {1}, "README.md": [4], "gone.py": []},
        {"a.py": {1: 2, 2: 0, 4: 0, 9: 0}, "b.py": {1: 1}, "c.py": {1: 0}},
    )
    assert (found.changed, found.code, found.covered) == (6, 4, 2)
    assert found.missed == {"a.py": (2, 9)}
    assert found.unlisted == ("README.md",)
    assert found.percent == 50


def test_the_share_is_compared_without_rounding() -> None:
    lines = range(1, 10_001)
    hits = {"a": {line: int(line > 1) for line in lines}}
    found = new_code_coverage({"a": lines}, hits)
    assert found.reaches(99.99)
    assert not found.reaches(99.991)


def test_small_changes_are_not_judged_and_say_so() -> None:
    small = new_code_coverage({"a": range(1, SMALL_CHANGE)}, {"a": {1: 0}})
    assert not_applied(small) == (
        "The change has 19 lines; coverage of new code is judged from 20 lines."
    )
    enough = new_code_coverage({"a": range(1, SMALL_CHANGE + 1)}, {"a": {1: 0}})
    assert not_applied(enough) is None


def test_changes_without_code_are_not_judged_and_reach_nothing() -> None:
    texts = new_code_coverage({"README.md": range(1, 50)}, {"a.py": {1: 1}})
    assert not_applied(texts) == "The coverage report knows none of the changed lines as code."
    assert texts.percent is None
    assert not texts.reaches(0)


_LINES = st.integers(1, 40)


@given(
    st.dictionaries(st.sampled_from("ab"), st.sets(_LINES)),
    st.dictionaries(st.sampled_from("abc"), st.dictionaries(_LINES, st.integers(0, 2))),
)
def test_covered_and_missed_lines_make_up_the_code(
    changed: dict[str, set[int]], hits: dict[str, dict[int, int]]
) -> None:
    found = new_code_coverage(changed, hits)
    missed = sum(map(len, found.missed.values()))
    assert found.covered + missed == found.code <= found.changed
    assert found.reaches(100) is (found.code > 0 and missed == 0)
