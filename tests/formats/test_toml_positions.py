import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.nodes import MalformedDocument, Node, child
from gitops_auditor.formats.toml_positions import parse_toml

PROJECT = '''\
# a comment with [brackets] and key = "value"
[project]
name = "demo"
dependencies = [
  "httpx>=0.28",  # a comment, with "quotes"
  "anyio",
]
text = """
[not.a.table]
name = "x"
"""
[project.optional-dependencies]
"quoted.key" = ["pytest"]

[[tool.uv.index]]
url = 'https://one'
[[tool.uv.index]]
url = 'https://two'
  [tool.uv.index.extra]
  deep = { a.b = 1, c = [ { d = 2 } ] }
'''


def malformed(source: str) -> MalformedDocument:
    with pytest.raises(MalformedDocument) as caught:
        parse_toml(source)
    return caught.value


def plain(node: Node) -> object:
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [plain(item) for item in node.value]
    return node.value


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("project",), 2, 2),
        (("project", "name"), 3, 1),
        (("project", "dependencies"), 4, 1),
        (("project", "dependencies", 0), 5, 3),
        (("project", "dependencies", 1), 6, 3),
        (("project", "text"), 8, 1),
        (("project", "optional-dependencies", "quoted.key", 0), 13, 17),
        (("tool", "uv", "index", 0, "url"), 16, 1),
        (("tool", "uv", "index", 1, "url"), 18, 1),
        (("tool", "uv", "index", 1, "extra", "deep", "a", "b"), 20, 12),
        (("tool", "uv", "index", 1, "extra", "deep", "c", 0, "d"), 20, 29),
    ],
)
def test_a_position_points_at_the_key_or_the_item(
    path: tuple[str | int, ...], line: int, column: int
) -> None:
    node = child(parse_toml(PROJECT).root, *path)
    assert node is not None
    assert (node.line, node.column) == (line, column)


def test_values_agree_with_the_standard_reader() -> None:
    assert plain(parse_toml(PROJECT).root) == tomllib.loads(PROJECT)


def test_dates_become_their_text() -> None:
    tree = plain(parse_toml("a = 2024-01-02\nb = 10:11:12\nc = 2024-01-02T03:04:05Z\n").root)
    assert tree == {"a": "2024-01-02", "b": "10:11:12", "c": "2024-01-02T03:04:05+00:00"}


@pytest.mark.parametrize(
    "string",
    ['"""a""quote\\""""', "'''it's'''", '"\\"["', "'#'", '""""two""\n quotes"""""', "'''''x'''''"],
)
def test_the_scan_steps_over_every_kind_of_string(string: str) -> None:
    node = child(parse_toml(f"a = {string}\nb = 1\n").root, "b")
    assert node is not None
    assert node.line == 2 + string.count("\n")


@pytest.mark.parametrize(
    "source",
    ["a = ", "a = 1\na = 2\n", "[a]\n[a]\n", 'a = "open', "[[a]]\n[a]\n", "= 1", "a = 1979-13-45"],
)
def test_what_is_not_toml_is_malformed(source: str) -> None:
    assert malformed(source).message


def test_a_syntax_error_says_where() -> None:
    error = malformed("a = 1\nb = ?\n")
    assert (error.line, error.column) == (2, 5)


@pytest.mark.parametrize(
    "source",
    [
        "a = " + "[" * 50_000,
        "a = " + "[" * 250 + "]" * 250,
        "a." * 5_000 + "a = 1",
        "a=" + "{a=" * 9999,
    ],
)
def test_deep_nesting_is_refused(source: str) -> None:
    assert malformed(source).message


def test_a_huge_file_is_refused_by_its_size() -> None:
    assert "characters" in malformed("#" * 2_000_001).message


@given(st.text(alphabet="ab[]{}=.\"'\\#,\n 1"))
def test_any_text_gives_the_standard_values_or_is_malformed(source: str) -> None:
    try:
        document = parse_toml(source)
    except MalformedDocument:
        with pytest.raises(tomllib.TOMLDecodeError):
            tomllib.loads(source)
    else:
        assert plain(document.root) == tomllib.loads(source)
