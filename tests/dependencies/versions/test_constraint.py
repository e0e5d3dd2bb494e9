from itertools import pairwise

import pytest

from gitops_auditor.dependencies.models import ConstraintKind
from gitops_auditor.dependencies.versions import admits_release, allows, is_set, major, order, parse
from gitops_auditor.dependencies.versions.maven import compare

RANGE, EXACT = ConstraintKind.RANGE, ConstraintKind.EXACT

ALLOWED = [
    ("npm", "^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc.1 1.5.0-beta"),
    ("npm", "^0", "0.0.1 0.9.9", "1.0.0"),
    ("npm", "^0.2.3", "0.2.3 0.2.9", "0.3.0"),
    ("npm", "^0.0.3", "0.0.3", "0.0.4"),
    ("npm", "1.x", "1.0.0 1.99.0", "0.9.0 2.0.0"),
    ("npm", "1.2.*", "1.2.0 1.2.7", "1.3.0"),
    ("npm", "*", "0.0.1 9.0.0", "1.0.0-alpha"),
    ("npm", "", "3.0.0", "3.0.0-alpha"),
    ("npm", "^1 || ^3", "1.5.0 3.1.0", "2.0.0 4.0.0"),
    ("npm", ">= 1.2.3 <2", "1.2.3 1.9.9", "2.0.0 1.2.2"),
    ("npm", "1.2 - 2", "1.2.0 2.9.9", "3.0.0"),
    ("npm", "~1.2", "1.2.9", "1.3.0"),
    ("npm", "^1.0.0-beta.2", "1.0.0-beta.2 1.0.0-rc.1 1.0.0 1.4.0", "1.0.0-beta.1 1.1.0-beta.9"),
    ("npm", "^v1.2.3", "1.2.3", "2.0.0"),
    ("npm", "<2.0.0-0", "1.9.9", "2.0.0"),
    ("pypi", "~=1.4", "1.4 1.9", "2.0 1.3"),
    ("pypi", "~=1.4.2", "1.4.2 1.4.9", "1.5.0"),
    ("pypi", "==1.*", "1.0 1.9.3", "2.0"),
    ("pypi", "!=1.5", "1.4 1.5.1", "1.5 1.5.0"),
    ("pypi", ">=1.2,!=1.3.*,<2", "1.2 1.4", "1.3.9 2.0 2.0rc1"),
    ("pypi", ">=1.0", "1.0 1!0.1", "0.9 1.1.dev0 2.0rc1"),
    ("pypi", ">=1.0rc1", "1.0rc1 1.0 2.0b1", "1.0b1"),
    ("pypi", "===1.0+local", "1.0+local", "1.0"),
    ("pypi", "^1.2", "1.2 1.9", "2.0 1.1"),
    ("pypi", "^0.2.3", "0.2.3", "0.3.0"),
    ("pypi", "~1.2.3", "1.2.9", "1.3.0"),
    ("pypi", "=1.2", "1.2.0 1.2.9", "1.3"),
    ("pypi", "1.2.*", "1.2.9", "1.3"),
    ("pypi", "^1 || ^3", "1.5 3.2", "2.0"),
    ("pypi", ">=3.8 <4", "3.12", "4.0"),
    ("crate", "1.2.3", "1.2.3 1.9.0", "2.0.0 1.2.2"),
    ("crate", "0.0.3", "0.0.3", "0.0.4"),
    ("crate", "=1.2.3", "1.2.3", "1.2.4"),
    ("crate", ">=1.2, <1.5", "1.2.0 1.4.9", "1.5.0"),
    ("crate", "1.*", "1.9.0", "2.0.0"),
    ("crate", "~1.2", "1.2.9", "1.3.0"),
    ("crate", "*", "0.1.0 7.0.0", ""),
    ("go", "v1.2.3", "v1.2.3 v1.9.0", "v1.2.2 v2.0.0"),
    ("go", "v0.5.0", "v0.5.0 v0.9.0 v1.0.0", "v0.4.9"),
    ("go", "v2.1.0", "v2.1.0 v2.9.0", "v3.0.0 v1.9.0"),
    ("go", "v2.0.0+incompatible", "v2.1.0+incompatible v3.0.0+incompatible", "v3.0.0"),
    (
        "go",
        "v0.0.0-20230101000000-abcdefabcdef",
        "v0.0.0-20240101000000-123456abcdef v0.1.0",
        "v0.0.0-20220101000000-abcdefabcdef",
    ),
    ("maven", "[1,2)", "1 1.9 2-rc1", "2 0.9"),
    ("maven", "(,1.0]", "0.1 1.0 1", "1.0.1"),
    ("maven", "[1.5]", "1.5 1.5.0", "1.5.1"),
    ("maven", "(,1.1),(1.1,)", "1.0 1.2", "1.1"),
    ("maven", "]1,2[", "1.5", "1 2"),
    ("maven", "1.2.+", "1.2 1.2.9", "1.3"),
    ("maven", "2.0!!", "2.0", "2.1"),
    ("maven", "3.12.0", "3.12.0 3.14.9", "4.0 3.11 4.0-alpha1"),
    ("terraform", "~> 1.2", "1.2.0 1.9.9", "2.0.0 1.1.0"),
    ("terraform", "~> 1.2.3", "1.2.3 1.2.9", "1.3.0"),
    ("terraform", ">= 1.2, < 2.0, != 1.5.0", "1.4.0 1.5.1", "1.5.0 2.0.0 1.3.0-beta1"),
    ("terraform", "1.2.3-beta1", "1.2.3-beta1", "1.2.3"),
    ("terraform", "5.0", "5.0.0", "5.0.1"),
    ("chart", "^1.2", "1.2.0 1.9.0", "2.0.0 1.5.0-rc1"),
    ("chart", "~1.2.3", "1.2.9", "1.3.0"),
    ("chart", "1.2.x", "1.2.7", "1.3.0"),
    ("chart", ">=1.2.0-0 <2.0.0", "1.2.0-alpha 1.9.0-rc1 1.3.0", "2.0.0"),
    ("chart", "!=1.2", "1.1.9 1.3.0", "1.2.5"),
    ("chart", ">1.2", "1.3.0", "1.2.9"),
    ("chart", "<=1.2", "1.2.9", "1.3.0"),
    ("chart", "!=1.2.3", "1.2.4", "1.2.3"),
    ("chart", "!=*", "", "1.2.3"),
    ("chart", "*", "0.1.0 9.0.0", "1.0.0-rc1"),
    ("chart", ">1.2.3", "1.2.4", "1.2.3"),
    ("chart", "<1.2.3, =>1.0.0", "1.2.2", "1.2.3 0.9.0"),
    ("chart", "=<1.2.3", "1.2.3", "1.2.4"),
    ("chart", "=1.2", "1.2.9", "1.3.0"),
    ("maven", "+", "1 9.9", ""),
    ("maven", "[1,2)!!", "1.5", "2"),
    ("maven", "release", "RELEASE", "1.0"),
    ("pypi", "*", "1.0", "2.0rc1"),
    ("chart", "1.0 - 2.0 || 4", "1.5.0 4.7.0", "3.0.0"),
    ("image", "3.12", "3.12 3.12.4 3.12-slim v3.12.1", "3.11 3.13.0 3.12-rc1"),
    ("image", "3.12-slim@sha256:ab", "3.12.4-alpine", "3.11"),
    ("image", "1.2.0-rc.1", "1.2.0-rc1", "1.2.0"),
    ("repository", "v4", "v4 v4.2.0 4.1", "v3 v5.0.0"),
]


@pytest.mark.parametrize(("ecosystem", "text", "allowed", "refused"), ALLOWED)
def test_a_constraint_allows_what_its_ecosystem_allows(
    ecosystem: str, text: str, allowed: str, refused: str
) -> None:
    constraint = parse(ecosystem, text, RANGE)
    wrong = [v for v in allowed.split() if allows(constraint, v) is not True]
    wrong += [v for v in refused.split() if allows(constraint, v) is not False]
    assert wrong == []


@pytest.mark.parametrize(
    ("ecosystem", "text"),
    [
        ("npm", "latest"),
        ("npm", "1.2.3.4"),
        ("npm", "x" * 600),
        ("pypi", "not a version"),
        ("pypi", "==1.0,,~=x"),
        ("crate", "1,,2"),
        ("crate", "1 || 2"),
        ("go", "latest"),
        ("maven", "[1,2"),
        ("maven", "[,[1"),
        ("maven", "(1)"),
        ("terraform", "~> "),
        ("terraform", "~> *"),
        ("terraform", "^1"),
        ("chart", ">> 1"),
        ("image", "latest"),
        ("image", "abc123"),
        ("nuget", "1.0"),
    ],
)
def test_a_constraint_that_is_not_understood_decides_nothing(ecosystem: str, text: str) -> None:
    constraint = parse(ecosystem, text, RANGE)
    assert not constraint.is_decidable
    assert allows(constraint, "1.0.0") is None


@pytest.mark.parametrize(
    "kind",
    [
        ConstraintKind.TAG,
        ConstraintKind.WORKSPACE,
        ConstraintKind.CATALOG,
        ConstraintKind.PATH,
        ConstraintKind.URL,
        ConstraintKind.DYNAMIC,
        ConstraintKind.COMMIT,
    ],
)
def test_a_kind_that_names_no_version_decides_nothing(kind: ConstraintKind) -> None:
    assert allows(parse("npm", "1.2.3", kind), "1.2.3") in {None, True}
    assert allows(parse("npm", "1.2.3", kind), "2.0.0") is None


@pytest.mark.parametrize("version", ["one", "", "latest", "1.x.y"])
@pytest.mark.parametrize(
    "ecosystem", ["npm", "pypi", "crate", "go", "terraform", "chart", "image", "repository"]
)
def test_what_is_no_version_is_neither_allowed_nor_refused(ecosystem: str, version: str) -> None:
    assert allows(parse(ecosystem, "1.2.3", EXACT), version) is None


def test_a_digest_allows_itself_and_refuses_another_digest() -> None:
    digest, other = "sha256:" + "a" * 64, "sha256:" + "b" * 64
    pinned = parse("image", digest, ConstraintKind.COMMIT)
    assert allows(pinned, digest) is True
    assert allows(pinned, other) is False
    assert allows(pinned, "3.12") is None


def test_a_tag_says_nothing_about_a_version_it_is_more_precise_than() -> None:
    assert allows(parse("image", "3.12.4", EXACT), "3.12") is None


def test_no_constraint_allows_any_release() -> None:
    anything = parse("npm", "", ConstraintKind.NONE)
    assert allows(anything, "7.0.0") is True
    assert allows(anything, "7.0.0-alpha") is False


@pytest.mark.parametrize(
    ("ecosystem", "text", "version", "expected"),
    [
        ("pypi", ">=5", "5.6.0.dev0", True),
        ("pypi", "<5", "5.0rc1", False),
        ("npm", "^1.0.0", "1.0.0-beta.3", True),
        ("npm", "^0.9.0", "1.0.0-beta.3", False),
        ("npm", "^0.9.0", "unknown", None),
        ("maven", "[2,3)", "2.4-SNAPSHOT", True),
        ("chart", "^1", "2.0.0-alpha.1", False),
    ],
)
def test_a_prerelease_in_a_tree_counts_as_the_release_it_leads_to(
    ecosystem: str, text: str, version: str, expected: bool | None
) -> None:
    assert admits_release(parse(ecosystem, text, RANGE), version) is expected


@pytest.mark.parametrize(
    ("ecosystem", "ascending"),
    [
        (
            "npm",
            "1.0.0-a 1.0.0-a.1 1.0.0-a.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0 1.0.1",
        ),
        ("pypi", "1.0.dev1 1.0a1 1.0b1 1.0rc1 1.0 1.0.post1 1.1 1!0.1"),
        ("maven", "1-alpha 1-beta 1-milestone 1-rc 1-SNAPSHOT 1 1-sp 1-foo2 1-foo10 1-1 1.1"),
        ("image", "3.9 3.12-rc1 3.12 3.12.1"),
        ("go", "v0.0.0-20200101000000-ffffffffffff v0.0.0-20210101000000-aaaaaaaaaaaa v0.1.0"),
    ],
)
def test_versions_are_ordered_as_their_ecosystem_orders_them(
    ecosystem: str, ascending: str
) -> None:
    keys = [key for version in ascending.split() if (key := order(ecosystem, version)) is not None]
    assert len(keys) == len(ascending.split())
    assert all(left < right for left, right in pairwise(keys))


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        ("1", "=", "1.0.0"),
        ("1", "=", "1.ga"),
        ("1-ga", "=", "1-0"),
        ("1.0.0-foo.0.0", "=", "1-foo"),
        ("1.foo", "=", "1-foo"),
        ("1-a1", "=", "1-alpha-1"),
        ("1-cr2", "=", "1-RC2"),
        ("1-foo", "<", "1-1"),
        ("1-1", "<", "1.1"),
        ("1-sp-1", "<", "1-ga-1"),
        ("1-ga-1", "=", "1-1"),
        ("1-sp.1", ">", "1-ga.1"),
        ("1-snapshot", "<", "1"),
        ("1-sp", ">", "1"),
        ("1-1.foo-bar1baz-.1", "=", "1-1.foo-bar-1-baz-0.1"),
        ("2.0.0.RELEASE", "=", "2"),
        ("33.0.0-jre", ">", "33.0.0"),
    ],
)
def test_maven_order_follows_the_specification(left: str, sign: str, right: str) -> None:
    found = compare(left, right)
    assert {"<": found < 0, "=": found == 0, ">": found > 0}[sign]
    assert (compare(right, left) < 0) == (found > 0)


def test_a_placeholder_version_is_not_set() -> None:
    assert not is_set("npm", "0.0.0-development")
    assert not is_set("npm", "workspace")
    assert not is_set("nuget", "1.0")
    assert is_set("npm", "0.0.1")


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.2.3", "1"), ("v4", "4"), ("0.3.1", "0.3"), ("3.12-slim", "3"), ("latest", ""), ("0", "0")],
)
def test_the_major_part_is_what_announces_a_break(version: str, expected: str) -> None:
    assert major(version) == expected
