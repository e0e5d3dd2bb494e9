import pytest

from gitops_auditor.quality.expressions import ExpressionError, parse_check


@pytest.mark.parametrize(
    ("text", "path", "requirement"),
    [
        ("README.md exists", "README.md", "exists"),
        ("./docs/ exists", "docs", "exists"),
        (".env not exists", ".env", "not exists"),
        (".env  does not   exist", ".env", "not exists"),
        ("a.md non-empty", "a.md", "non-empty"),
        ("a.md is not empty", "a.md", "non-empty"),
        ("'My File.md' exists", "My File.md", "exists"),
        ('"it\'s" exists', "it's", "exists"),
        ("and exists", "and", "exists"),
        ("docs/*.md exists", "docs/*.md", "exists"),
        ("contain/x exists", "contain/x", "exists"),
    ],
)
def test_a_condition_is_a_path_and_what_has_to_hold(text: str, path: str, requirement: str) -> None:
    (found,) = parse_check(text)
    assert (found.path, found.requirement, found.pattern) == (path, requirement, None)


def test_expressions_stand_between_slashes_and_may_ignore_case() -> None:
    first, second = parse_check(r"a contains /x \/ and y/ and b does not contain /DRAFT/i")
    assert (first.requirement, first.written) == ("contains", r"/x \/ and y/")
    assert first.pattern is not None
    assert first.pattern.search("x / and y")
    assert (second.path, second.requirement) == ("b", "not contains")
    assert second.pattern is not None
    assert second.pattern.search("draft")


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("   ", 4, "A path is expected"),
        ("README.md", 10, "Say what has to hold"),
        ("README.md exsists", 11, "Say what has to hold"),
        ("README.md existsx", 11, "Say what has to hold"),
        ("My File.md exists", 4, "Say what has to hold"),
        ("a exists b exists", 10, "Write `and`"),
        ("a exists and", 13, "A path is expected"),
        ("a contains MIT", 12, "between slashes"),
        ("a contains /MIT", 12, "between slashes"),
        ("a contains /MIT/x", 17, "only `i`"),
        ("a contains /M(IT/", 14, "not closed"),
        (r"a contains /(a)\1/", 16, "not supported"),
        ("../a exists", 1, "leaves the repository"),
        ("a exists and /etc/passwd exists", 14, "is absolute"),
        ("'' exists", 2, "empty"),
        ("x/[b-a] exists", 4, "A range"),
        (" and ".join(["a exists"] * 21), 261, "more than 20"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_column(
    text: str, column: int, words: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_check(text)
    assert words in caught.value.message
    assert caught.value.column == column
    assert f"column {column}" in str(caught.value)
