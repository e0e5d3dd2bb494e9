import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.pipelines.matrix import MAX_COMBINATIONS, expand, label
from gitops_auditor.pipelines.models import Matrix


def matrix(value: dict[str, object]) -> Matrix:
    return Matrix.model_validate(value)


def test_the_last_axis_varies_fastest() -> None:
    found = expand(matrix({"axes": {"os": ["a", "b"], "py": [3.11, "3.12"]}}))
    assert [label(one) for one in found] == [
        "os=a, py=3.11",
        "os=a, py=3.12",
        "os=b, py=3.11",
        "os=b, py=3.12",
    ]


def test_an_exclusion_drops_all_that_have_its_values() -> None:
    axes = {"os": ["a", "b"], "py": ["1", "2"]}
    found = expand(matrix({"axes": axes, "exclude": [{"os": "a", "py": "2"}, {"py": "1"}]}))
    assert found == [{"os": "b", "py": "2"}]


def test_an_inclusion_extends_what_it_agrees_with_and_adds_what_it_does_not() -> None:
    axes = {"os": ["a", "b"]}
    include = [{"color": "red"}, {"os": "a", "fast": True}, {"os": "c"}, {"color": "blue"}]
    assert expand(matrix({"axes": axes, "include": include})) == [
        {"os": "a", "color": "blue", "fast": "true"},
        {"os": "b", "color": "blue"},
        {"os": "c"},
    ]


def test_inclusions_alone_make_a_matrix() -> None:
    assert expand(matrix({"include": [{"a": "1"}, {"a": "2"}]})) == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"axes": {"a": ["1"]}, "exclude": [{"a": "1"}]},
        {"axes": {name: list(range(10)) for name in "abcdefghij"}},
    ],
)
def test_none_or_too_many_combinations_are_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="combination"):
        expand(matrix(value))


_AXES = st.dictionaries(
    st.sampled_from("abc"), st.lists(st.sampled_from("123"), min_size=1, max_size=3), min_size=1
)


@given(axes=_AXES, exclude=st.lists(st.dictionaries(st.sampled_from("ab"), st.just("1"))))
def test_combinations_are_unique_complete_and_not_excluded(
    axes: dict[str, list[str]], exclude: list[dict[str, str]]
) -> None:
    try:
        found = expand(matrix({"axes": axes, "exclude": exclude}))
    except ValueError:
        return
    assert len({tuple(one.items()) for one in found}) == len(found) <= MAX_COMBINATIONS
    assert all(one.keys() == axes.keys() for one in found)
    assert not any(rule and rule.items() <= one.items() for one in found for rule in exclude)
