import re

from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.matched_lines import (
    continued,
    line_indexes,
    lines_with,
    starts_word,
)

_TEXTS = st.text(alphabet="ab#\\ \n", max_size=60)


@given(_TEXTS)
def test_the_lines_with_a_pattern_are_those_that_a_search_of_each_line_finds(text: str) -> None:
    pattern = re.compile("ab")
    lines = enumerate(text.split("\n"), 1)
    assert list(lines_with(text, pattern)) == [(line, n) for n, line in lines if "ab" in line]


@given(_TEXTS)
def test_the_index_of_a_position_counts_the_line_ends_before_it(text: str) -> None:
    positions = range(len(text))
    assert list(line_indexes(text, positions)) == [text.count("\n", 0, at) for at in positions]


def test_a_line_comes_with_those_that_a_backslash_joins_to_it_but_without_comments() -> None:
    lines = ["a \\", "# why", "b \\", "c", "d"]
    assert list(continued(lines, [0, 2, 4])) == [("a \\", 1), ("b \\", 3), ("c", 4), ("d", 5)]


def test_a_word_starts_behind_what_is_neither_part_of_a_word_nor_ruled_out() -> None:
    text = "tag stag s_tag s-tag"
    starts = [found.start() for found in re.finditer("tag", text)]
    assert [starts_word(text, at) for at in starts] == [True, False, False, True]
    assert [starts_word(text, at, "-") for at in starts] == [True, False, False, False]
