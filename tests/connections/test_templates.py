import pytest

from gitops_auditor.connections.templates import asks_for, fill, placeholder_problem
from gitops_auditor.errors import JsonValue

VALUES: dict[str, JsonValue] = {"files": ["a.js", "b.js"], "config": None, "branch": "main"}


@pytest.mark.parametrize(
    ("argument", "filled"),
    [
        ("{{ files }}", ["a.js", "b.js"]),
        ("{{files}}", ["a.js", "b.js"]),
        ("lint {{ files }} of {{ branch }}", "lint a.js b.js of main"),
        ("x{{ config }}y", "xy"),
        (["{{ branch }}", 1], ["main", 1]),
        ({"deep": {"in": "{{ branch }}"}}, {"deep": {"in": "main"}}),
        ("plain { } text", "plain { } text"),
        (True, True),
        (None, None),
    ],
)
def test_placeholders_are_filled_wherever_they_stand(
    argument: JsonValue, filled: JsonValue
) -> None:
    assert fill({"x": argument}, VALUES) == {"x": filled}


def test_an_argument_without_a_value_is_left_out() -> None:
    assert fill({"a": "{{ config }}", "b": "{{ branch }}"}, VALUES) == {"b": "main"}


def test_a_value_that_looks_like_a_placeholder_is_not_filled_again() -> None:
    assert fill({"a": "{{ branch }}"}, {"branch": "{{ files }}"}) == {"a": "{{ files }}"}


def test_the_first_unknown_placeholder_is_named() -> None:
    assert placeholder_problem({"a": ["{{ files }}", {"b": "{{ secret }}"}]}) is not None
    assert placeholder_problem({"a": ["{{ files }}", {"b": "no {{ commit }}"}]}) is None


def test_what_is_asked_for_is_found_deep_inside() -> None:
    assert asks_for({"a": [{"b": "in {{ files }}"}]}, "files")
    assert not asks_for({"a": "files"}, "files")
