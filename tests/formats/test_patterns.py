import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.formats.pattern_syntax import PatternError
from gitops_auditor.formats.patterns import MAX_TEXT, expression, glob


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^v", "v1.0", True),
        ("^v", "rev", False),
        (r"^v\d+\.\d+$", "v1.20", True),
        (r"^v\d+\.\d+$", "v1.20-rc", False),
        ("main|develop", "on-develop-now", True),
        ("^(release|hotfix)/", "hotfix/x", True),
        ("^(?:a|b)+?$", "abba", True),
        ("[^a-c]", "abc", False),
        ("[]a]", "]", True),
        (r"[\d-]$", "a-", True),
        ("a{2,3}$", "baa", True),
        ("^a{2,3}$", "aaaa", False),
        ("^a{2,}$", "aaaa", True),
        ("^$", "", True),
        ("^$", "x", False),
        ("", "anything", True),
        ("a.c", "a\nc", False),
        (r"\/x\-y", "a/x-y", True),
    ],
)
def test_an_expression_is_found_where_it_occurs(pattern: str, text: str, found: bool) -> None:
    assert expression(pattern).search(text) is found


def test_case_is_ignored_when_asked() -> None:
    assert expression("^MaIn[A-C]$", ignore_case=True).search("mainb")
    assert not expression("^MaIn$").search("main")


@pytest.mark.parametrize(
    ("pattern", "at"),
    [
        ("(a", 0),
        ("a)", 1),
        ("*a", 0),
        ("a**", 2),
        ("[a", 0),
        ("[b-a]", 1),
        ("a{3,2}", 1),
        ("a{1000}", 1),
        (r"(a)\1", 3),
        ("(?=a)", 0),
        ("^*", 1),
        ("a\\", 2),
        ("((a{100}){100}){100}", 0),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(pattern: str, at: int) -> None:
    with pytest.raises(PatternError) as caught:
        expression(pattern)
    assert caught.value.at == at


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(a|a)*b$", "a*a*a*a*a*a*a*b$"])
def test_patterns_that_explode_elsewhere_stay_linear(pattern: str) -> None:
    started = time.process_time()
    assert not expression(pattern).search("a" * (MAX_TEXT - 1) + "!")
    assert time.process_time() - started < 2


def test_a_text_above_the_limit_is_not_matched() -> None:
    with pytest.raises(ValueError, match="limit"):
        expression("a").search("a" * (MAX_TEXT + 1))


_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "^", "$"])
_PATTERNS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{1,2}", "{2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@given(pattern=_PATTERNS, text=st.text("abc", max_size=8))
def test_answers_agree_with_the_standard_library(pattern: str, text: str) -> None:
    # `$` also matches before a final newline there; the texts have none
    assert expression(pattern).search(text) is bool(re.search(pattern, text))


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("main", "main", True),
        ("main", "maintenance", False),
        ("feature/*", "feature/x", True),
        ("feature/*", "feature/x/y", False),
        ("feature/**", "feature/x/y", True),
        ("**", "a/b", True),
        ("**/*.py", "setup.py", True),
        ("**/*.py", "src/deep/x.py", True),
        ("*.py", "src/x.py", False),
        ("docs/**/*.md", "docs/a.md", True),
        ("v[0-9].?", "v1.x", True),
        ("v[!0-9]*", "v1", False),
        ("a.b", "axb", False),
        (r"a\*", "a*", True),
        ("[", "[", True),
    ],
)
def test_a_glob_matches_whole_names(pattern: str, name: str, found: bool) -> None:
    assert glob(pattern).search(name) is found


def test_what_is_wrong_with_a_glob_has_its_place_in_the_whole_of_it() -> None:
    with pytest.raises(PatternError) as caught:
        glob("src/[b-a]")
    assert caught.value.at == 5
