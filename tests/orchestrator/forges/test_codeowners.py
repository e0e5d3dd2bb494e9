import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.orchestrator.forges.codeowners import MOST_BYTES, parse_codeowners

EXAMPLE = b"""\
# Everything, unless a later line says otherwise.
*       @global-owner1 @global-owner2
*.js    @js-owner #inline remark
*.go docs@example.com
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/scripts/ @doctocat @octocat
**/logs @octo-org/octocats
/apps/ @octocat
/apps/github
with\\ space/ @spacer
/tests/*/unit @tester
src/**/deep @diver
! @excluded
/a[b] @range
/bad.txt not-an-owner
/bad.txt @fine @not/an/owner
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ["@global-owner1", "@global-owner2"]),
        ("lib/x.js", ["@js-owner"]),
        ("lib/x.jsx", ["@global-owner1", "@global-owner2"]),
        ("main.go", ["docs@example.com"]),
        ("build/logs/a/b.txt", ["@octo-org/octocats"]),
        ("docs/start.md", ["docs@example.com"]),
        ("docs/deep/start.md", ["@global-owner1", "@global-owner2"]),
        ("other/docs/start.md", ["@global-owner1", "@global-owner2"]),
        ("apps", ["@global-owner1", "@global-owner2"]),
        ("lib/apps/x.js", ["@octocat"]),
        ("deeply/nested/logs/today", ["@octo-org/octocats"]),
        ("apps/github/x", []),
        ("apps/github", []),
        ("apps/githubs", ["@octocat"]),
        ("x/with space/y", ["@spacer"]),
        ("tests/one/unit/a.py", ["@tester"]),
        ("tests/one/two/unit/a.py", ["@global-owner1", "@global-owner2"]),
        ("src/deep", ["@diver"]),
        ("src/a/b/deep/c", ["@diver"]),
        ("ab", ["@global-owner1", "@global-owner2"]),
        ("bad.txt", ["@global-owner1", "@global-owner2"]),
        ("scripts/run.js", ["@doctocat", "@octocat"]),
        ("lib/scripts/run.js", ["@js-owner"]),
    ],
)
def test_the_last_line_that_matches_decides(path: str, owners: list[str]) -> None:
    assert [*parse_codeowners(EXAMPLE).owners(path)] == owners


@pytest.mark.parametrize(
    ("pattern", "matched", "unmatched"),
    [
        ("**", "a/b", None),
        ("/*", "a", "a/b"),
        ("a/**", "a/b/c", "a"),
        ("**/", "a/b", "a"),
        ("a?c", "abc", "a/c"),
        ("a/**/*.ts", "a/b/c.ts", "b/a/c.ts"),
        ("\\*.md", "*.md", "x.md"),
        ("a.c", "a.c", "abc"),
        ("Case", "Case", "case"),
    ],
)
def test_a_pattern_is_read_as_github_reads_it(
    pattern: str, matched: str, unmatched: str | None
) -> None:
    owners = parse_codeowners(f"{pattern} @one".encode())
    assert owners.owners(matched) == ("@one",)
    assert unmatched is None or owners.owners(unmatched) == ()


def test_reviewers_are_users_and_teams_once_each() -> None:
    owners = parse_codeowners(b"* @ada\n*.py a@example.org @octo/core @ada\n")
    assert owners.reviewers(["x.md", "a.py", "b.py"]) == ["ada", "octo/core"]


def test_a_file_over_the_limit_has_no_rules() -> None:
    rule = b"* @ada\n"
    assert parse_codeowners(rule + b"#" * (MOST_BYTES - len(rule))).owners("x") == ("@ada",)
    assert parse_codeowners(rule + b"#" * MOST_BYTES).owners("x") == ()


@given(st.binary(max_size=200), st.text(max_size=50))
def test_any_file_is_read(content: bytes, path: str) -> None:
    assert isinstance(parse_codeowners(content).owners(path), tuple)
