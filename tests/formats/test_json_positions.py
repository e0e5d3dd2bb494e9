import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.json_positions import parse_json
from gitops_auditor.formats.nodes import Document, MalformedDocument, Node, child

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def malformed(text: str, *, comments: bool = False) -> MalformedDocument:
    with pytest.raises(MalformedDocument) as caught:
        parse_json(text, comments=comments)
    return caught.value


def keys_are_where_they_say(text: str, document: Document) -> bool:
    lines = text.split("\n")
    waiting = [document.root]
    while waiting:
        value = waiting.pop().value
        for key, item in value.items() if isinstance(value, dict) else ():
            quoted = lines[item.line - 1][item.column - 1 :]
            if json.JSONDecoder().raw_decode(quoted)[0] != key:
                return False
            waiting.append(item)
        waiting.extend(value if isinstance(value, list) else ())
    return True


@given(JSON_VALUES, st.sampled_from([None, 2]), st.booleans())
def test_values_agree_with_the_standard_reader(
    value: object, indent: int | None, ascii_only: object
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=bool(ascii_only))
    assert plain(parse_json(text).root) == json.loads(text)


@given(JSON_VALUES, st.sampled_from([None, 1, 2]))
def test_every_position_points_at_its_key(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert keys_are_where_they_say(text, parse_json(text))


@given(st.text(alphabet='[]{}",:01ea\\ \n/*x-.'), st.sampled_from(["strict", "loose"]))
def test_any_text_gives_a_document_or_is_malformed(text: str, dialect: str) -> None:
    try:
        document = parse_json(text, comments=dialect == "loose")
    except MalformedDocument:
        if dialect == "strict":
            with pytest.raises(json.JSONDecodeError):
                json.loads(text)
    else:
        assert dialect == "loose" or plain(document.root) == json.loads(text)


def test_a_duplicate_key_is_reported_with_its_line_and_column_and_the_last_wins() -> None:
    document = parse_json('{"a": 1,\n  "b": 2,\n  "a": 3}')
    assert plain(document.root) == {"a": 3, "b": 2}
    assert [(found.line, found.column) for found in document.findings] == [(3, 3)]
    assert "'a'" in document.findings[0].message


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"a": }', 1, 7),
        ('{"a": 1\n "b": 2}', 2, 2),
        ('{"a": 1,\n}', 2, 2),
        ("[1, 2", 1, 6),
        ("[1] x", 1, 5),
        ("0,", 1, 2),
        ("{}]", 1, 3),
        ("[1}", 1, 3),
        ('{"a" 1}', 1, 2),
        ("", 1, 1),
        ("{'a': 1}", 1, 2),
        ("// note\n1", 1, 1),
        ("[01]", 1, 3),
    ],
)
def test_a_syntax_error_says_where(text: str, line: int, column: int) -> None:
    error = malformed(text)
    assert (error.line, error.column) == (line, column)


def test_deep_nesting_is_refused_and_not_followed() -> None:
    assert "nesting" in malformed("[" * 100_000).message
    assert "nesting" in malformed('{"a":' * 100_000).message


def test_a_huge_list_is_refused_by_its_number_of_values() -> None:
    assert "values" in malformed("[" + "1," * 300_000 + "1]").message


def test_a_huge_file_is_refused_by_its_size() -> None:
    assert "characters" in malformed('"' + "x" * 5_000_001 + '"').message


def test_a_number_too_long_to_convert_is_malformed() -> None:
    assert "number" in malformed("9" * 10_000).message


def test_a_commented_document_is_read_when_asked_for() -> None:
    text = """
// a comment with "quotes" and {brackets}
{
  /* block
     comment */
  bare: 'single \\'quoted\\'',
  "list": [1, 0x1F, .5, +Infinity, ],
  $dollar: "tab\\there",
}
"""
    document = parse_json(text, comments=True)
    assert plain(document.root) == {
        "bare": "single 'quoted'",
        "list": [1, 31, 0.5, math.inf],
        "$dollar": "tab\there",
    }
    bare = child(document.root, "bare")
    assert bare is not None
    assert (bare.line, bare.column) == (6, 3)


def test_an_unfinished_comment_is_malformed() -> None:
    assert malformed("{ /* never closed", comments=True).line == 1


@given(JSON_VALUES)
def test_the_loose_dialect_contains_the_strict_one(value: object) -> None:
    text = json.dumps(value)
    assert plain(parse_json(text, comments=True).root) == json.loads(text)
