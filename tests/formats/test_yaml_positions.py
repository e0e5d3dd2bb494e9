import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.nodes import MalformedDocument, Node, child, text, written
from gitops_auditor.formats.yaml_positions import parse_yaml

NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


def plain(node: Node | None) -> object:
    assert node is not None
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


def root(source: str) -> Node:
    (document,) = parse_yaml(source)
    assert document.findings == ()
    return document.root


def position(node: Node | None) -> tuple[int, int]:
    assert node is not None
    return node.line, node.column


def malformed(source: str) -> MalformedDocument:
    with pytest.raises(MalformedDocument) as caught:
        parse_yaml(source)
    return caught.value


def test_an_entry_stands_where_its_key_stands_and_an_item_where_it_starts() -> None:
    tree = root("a:\n  b: 1\n  c:\n    - x\n    - y: z\n")
    assert position(child(tree, "a", "b")) == (2, 3)
    assert position(child(tree, "a", "c", 0)) == (4, 7)
    assert position(child(tree, "a", "c", 1, "y")) == (5, 7)


@given(NESTED)
def test_values_survive_a_dump(value: object) -> None:
    source = yaml.safe_dump(value)
    (document,) = parse_yaml(source)
    assert plain(document.root) == value


@pytest.mark.parametrize(
    ("written_value", "value"),
    [
        ("1", 1), ("1.5", 1.5), ("1.10", "1.10"), ("0x10", "0x10"), ("007", "007"), ("-3", -3),
        ("true", True), ("False", False), ("yes", "yes"), ("on", "on"), ("null", None), ("~", None),
        ("", None), ("'1'", "1"), ("!!str 1", "1"), ("2024-01-01", "2024-01-01"), ("1e3", "1e3"),
        ("9" * 40, "9" * 40),
    ],
)  # fmt: skip
def test_a_plain_scalar_is_converted_only_when_nothing_is_lost(
    written_value: str, value: object
) -> None:
    node = child(root(f"key: {written_value}\n"), "key")
    assert plain(node) == value
    assert type(plain(node)) is type(value)


def test_the_text_of_a_version_is_as_written() -> None:
    tree = root("tag: 1.5\nmajor: 7\nflag: true\n")
    assert [written(child(tree, key)) for key in ("tag", "major", "flag", "none")] == [
        "1.5", "7", "true", "",
    ]  # fmt: skip


def test_unknown_tags_are_read_through() -> None:
    tree = root(
        "a: !vault |\n  secret\nb: !Sub\n  - x\nc: !reference [.setup, script]\nd: !Ref name\n"
    )
    assert plain(tree) == {"a": "secret\n", "b": ["x"], "c": [".setup", "script"], "d": "name"}


def test_merge_keys_and_aliases_are_resolved_and_own_keys_win() -> None:
    tree = root(
        "base: &b {image: x, tag: 1}\nother: &o {tag: 2, more: 3}\n"
        "use:\n  <<: [*b, *o]\n  image: y\n"
    )
    assert plain(child(tree, "use")) == {"image": "y", "tag": 1, "more": 3}
    assert position(child(tree, "use", "tag")) == (1, 21)


def test_an_alias_stands_where_it_is_used() -> None:
    assert position(child(root("a: &x v\nb: *x\n"), "b")) == (2, 1)


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    assert plain(root("'<<': {a: 1}\n")) == {"<<": {"a": 1}}


def test_a_duplicate_key_is_reported_with_its_line_and_column_and_the_last_wins() -> None:
    (document,) = parse_yaml("a: 1\nb: 2\na: 3\n")
    assert plain(document.root) == {"a": 3, "b": 2}
    assert [(found.line, found.column) for found in document.findings] == [(3, 1)]


def test_every_document_of_a_stream_is_read_with_lines_of_the_file() -> None:
    documents = parse_yaml("a: 1\n---\nb: 2\n...\n---\nc: &x 3\n")
    assert [plain(document.root) for document in documents] == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert position(child(documents[1].root, "b")) == (3, 1)


def test_anchors_do_not_leak_into_the_next_document() -> None:
    assert "anchor" in malformed("a: &x 1\n---\nb: *x\n").message


def test_an_empty_stream_has_no_document() -> None:
    assert parse_yaml("# only a comment\n") == []


@pytest.mark.parametrize(
    "template",
    ["name: {{ .Values.name }}\n", "{{- if .Values.on }}\na: 1\n{{- end }}\n", "a: b\n{{ x }}\n"],
)
def test_a_template_is_malformed(template: str) -> None:
    assert malformed(template).line > 0


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "[{a: "])
def test_deep_nesting_is_refused_before_it_can_crash_the_parser(opening: str) -> None:
    assert "nesting" in malformed(opening * 50_000).message


def test_an_alias_bomb_is_refused_without_being_expanded() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    assert "aliases" in malformed("\n".join(lines)).message


def test_nesting_through_aliases_is_bounded_too() -> None:
    lines = [f"a0: &a0 {'[' * 90}{']' * 90}"]
    lines += [f"a{i}: &a{i} {'[' * 90}*a{i - 1}{']' * 90}" for i in range(1, 4)]
    assert "nesting" in malformed("\n".join(lines)).message


@pytest.mark.parametrize("source", ["a: &a [*a]\n", "a: *nobody\n", "&a a: {<<: *b}\n"])
def test_an_alias_without_a_finished_anchor_is_malformed(source: str) -> None:
    assert "anchor" in malformed(source).message


def test_a_huge_list_is_refused_by_its_number_of_values() -> None:
    assert "values" in malformed("[" + "1," * 300_000 + "1]").message


def test_a_huge_file_is_refused_by_its_size() -> None:
    assert "characters" in malformed("a: " + "x" * 5_000_001).message


@pytest.mark.parametrize(
    "source", ["a: \x00", "a: \ud800", "a: 'open", "a\tb: [", "%YAML 9.9\n--- a"]
)
def test_what_is_not_yaml_is_malformed(source: str) -> None:
    assert malformed(source).message


def test_a_syntax_error_says_where() -> None:
    error = malformed("a: 1\nb: [1, 2\nc: 3\n")
    assert (error.line, error.column) == (3, 2)


@given(st.text(alphabet="ab:-?&*<![]{}|>'\"#, \n1%~"))
def test_any_text_gives_documents_or_is_malformed(source: str) -> None:
    try:
        documents = parse_yaml(source)
    except MalformedDocument:
        return
    assert all(document.root.line > 0 for document in documents)


def test_text_is_empty_for_what_is_not_text() -> None:
    tree = root("a: 1\nb: [x]\n")
    assert text(child(tree, "a")) == ""
    assert text(child(tree, "b", 0)) == "x"
    assert text(child(tree, "b", 1)) == ""
