"""Compatibility against brute force over grids of versions, and its proofs."""

from itertools import combinations, product

import nodesemver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.models import ConstraintKind
from gitops_auditor.dependencies.versions import allows, compatible, parse
from gitops_auditor.dependencies.versions.constraint import Constraint

RANGE = ConstraintKind.RANGE


def constraints(ecosystem: str, *texts: str) -> list[Constraint]:
    return [parse(ecosystem, text, RANGE) for text in texts]


@pytest.mark.parametrize(
    ("ecosystem", "texts", "witness"),
    [
        ("npm", ["^1.2.0", "^1.4.0"], "1.4.0"),
        ("npm", [">1.2.3", "<1.3.0"], "1.2.4"),
        ("npm", ["<2"], "0.0.0"),
        ("npm", [">=2.0.0-rc.1 <2.0.0", "^2.0.0-rc.0"], "2.0.0-rc.1"),
        ("pypi", [">=1.2", "<2", "!=1.2"], "1.3"),
        ("pypi", ["==2.0a1", ">=1"], "2.0a1"),
        ("pypi", [">1.0", "<1.0.1"], "1.0.0.0.0.0.1"),
        ("crate", ["1.2", ">=1.3, <2"], "1.3.0"),
        ("go", ["v1.2.0", "v1.5.0"], "v1.5.0"),
        ("maven", ["[1,2)", "(1.5,)"], "1.5.1"),
        ("terraform", ["~> 4.0", ">= 4.9"], "4.9.0"),
        ("chart", ["^1.2", "!=1.2"], "1.3.0"),
        ("image", ["3.12", "3.12.4"], "3.12.4"),
    ],
)
def test_compatible_constraints_have_a_witness(
    ecosystem: str, texts: list[str], witness: str
) -> None:
    found = compatible(constraints(ecosystem, *texts))
    assert (found.is_compatible, found.witness) == (True, witness)


@pytest.mark.parametrize(
    ("ecosystem", "texts", "blocking"),
    [
        ("npm", ["^1", "^2", ">=1"], ["^1", "^2"]),
        ("npm", ["^1 || ^2", "^2 || ^3", "^1 || ^3"], ["^1 || ^2", "^2 || ^3", "^1 || ^3"]),
        ("npm", ["^1", ">2 <1"], [">2 <1"]),
        ("pypi", ["==1.0", "==1.1"], ["==1.0", "==1.1"]),
        ("pypi", [">=2.0a1,<2.0b1", "<1"], [">=2.0a1,<2.0b1", "<1"]),
        ("go", ["v2.0.0", "v3.0.0"], ["v2.0.0", "v3.0.0"]),
        ("maven", ["[1,2)", "[2,3)"], ["[1,2)", "[2,3)"]),
        ("terraform", ["~> 4.0", "~> 5.0"], ["~> 4.0", "~> 5.0"]),
        ("image", ["3.11", "3.12"], ["3.11", "3.12"]),
    ],
)
def test_incompatible_constraints_come_with_the_few_that_block(
    ecosystem: str, texts: list[str], blocking: list[str]
) -> None:
    found = compatible(constraints(ecosystem, *texts))
    assert not found.is_compatible
    assert found.witness is None
    assert [one.text for one in found.blocking] == blocking


def test_what_cannot_be_decided_takes_no_part() -> None:
    moving = parse("npm", "workspace:*", ConstraintKind.WORKSPACE)
    assert compatible([moving, *constraints("npm", "^1")]).witness == "1.0.0"
    assert compatible([moving]) == (True, None, ())


def test_a_version_that_exists_is_preferred_as_witness() -> None:
    assert compatible(constraints("npm", "^1.2.0"), known=["1.3.7", "2.0.0"]).witness == "1.3.7"


NUMBERS = st.integers(0, 2)
NPM_VERSION = st.builds(
    lambda a, b, c, pre: f"{a}.{b}.{c}{pre}",
    NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["", "", "", "-a", "-a.1", "-b"]),
)  # fmt: skip
NPM_RANGE = st.lists(
    st.lists(
        st.builds(str.__add__, st.sampled_from(["^", "~", ">", ">=", "<", "<=", ""]), NPM_VERSION),
        min_size=1,
        max_size=2,
    ).map(" ".join),
    min_size=1,
    max_size=2,
).map(" || ".join)
NPM_GRID = [
    f"{a}.{b}.{c}{pre}"
    for a, b, c in product(range(4), repeat=3)
    for pre in ("", "-0", "-a", "-a.0", "-a.1", "-a.1.0", "-b", "-b.0")
]


@given(st.lists(NPM_RANGE, min_size=1, max_size=4))
def test_npm_compatibility_equals_brute_force(texts: list[str]) -> None:
    assert_equals_brute_force("npm", texts, NPM_GRID)


@given(NPM_RANGE)
def test_npm_ranges_are_tested_as_node_semver_tests_them(text: str) -> None:
    reference, ours = nodesemver.Range(text, False), parse("npm", text, RANGE)
    for version in NPM_GRID:
        assert allows(ours, version) == bool(reference.test(version)), version


PYPI_VERSION = st.builds(
    lambda a, b, pre: f"{a}.{b}{pre}", NUMBERS, NUMBERS, st.sampled_from(["", "", "", "a1", "rc1"])
)
PYPI_SPECIFIERS = st.lists(
    st.builds(str.__add__, st.sampled_from(["~=", ">", ">=", "<", "<=", "==", "!="]), PYPI_VERSION),
    min_size=1,
    max_size=2,
).map(",".join)
PYPI_GRID = [
    f"{a}.{b}{rest}" for a, b in product(range(4), repeat=2) for rest in ("", ".1", ".0.0.1")
]


@given(st.lists(PYPI_SPECIFIERS, min_size=1, max_size=4))
def test_python_releases_that_satisfy_all_are_never_overlooked(texts: list[str]) -> None:
    members = constraints("pypi", *texts)
    if any(all(allows(one, version) for one in members) for version in PYPI_GRID):
        assert compatible(members).is_compatible


TERRAFORM = st.lists(
    st.builds(
        lambda operator, a, b: f"{operator} {a}.{b}",
        st.sampled_from(["~>", ">", ">=", "<", "<=", "=", "!="]), NUMBERS, NUMBERS,
    ),
    min_size=1,
    max_size=3,
).map(", ".join)  # fmt: skip


@given(st.sampled_from(["terraform", "chart"]), st.lists(TERRAFORM, min_size=1, max_size=3))
def test_comparator_compatibility_equals_brute_force(ecosystem: str, texts: list[str]) -> None:
    grid = [f"{a}.{b}.{c}" for a, b, c in product(range(5), range(5), range(3))]
    assert_equals_brute_force(ecosystem, texts, grid)


MAVEN_END = st.sampled_from(["", "1", "1.1", "1.1.1", "2", "2-rc1", "3"])
MAVEN_RANGE = st.builds(
    lambda left, low, high, right: f"{left}{low},{high}{right}",
    st.sampled_from("[("), MAVEN_END, MAVEN_END, st.sampled_from(")]"),
)  # fmt: skip


@given(st.lists(MAVEN_RANGE, min_size=1, max_size=4))
def test_maven_versions_that_satisfy_all_are_never_overlooked(texts: list[str]) -> None:
    grid = ["0", "1-rc1", "2-rc1", "2-rc2", "4"]
    grid += [f"{a}.{b}.{c}" for a, b, c in product(range(1, 4), range(3), range(3))]
    members = constraints("maven", *texts)
    if any(all(allows(one, version) for one in members) for version in grid):
        assert compatible(members).is_compatible


def assert_equals_brute_force(ecosystem: str, texts: list[str], grid: list[str]) -> None:
    members = constraints(ecosystem, *texts)
    found = compatible(members)
    assert found.is_compatible == satisfiable(members, grid)
    if found.is_compatible:
        assert found.witness is not None
        assert all(allows(one, found.witness) for one in members)
    else:
        assert not satisfiable(found.blocking, grid)
        size = len(found.blocking) - 1
        assert all(satisfiable(rest, grid) for rest in combinations(found.blocking, size))


def satisfiable(members: list[Constraint] | tuple[Constraint, ...], grid: list[str]) -> bool:
    return any(all(allows(one, version) for one in members) for version in grid)


@given(st.text(max_size=30), st.text(max_size=30))
@pytest.mark.parametrize(
    "ecosystem",
    ["npm", "pypi", "crate", "go", "maven", "terraform", "chart", "image", "repository"],
)
def test_hostile_text_never_raises(ecosystem: str, text: str, version: str) -> None:
    constraint = parse(ecosystem, text, RANGE)
    assert allows(constraint, version) in {True, False, None}
    compatible([constraint, parse(ecosystem, "1.2.3", RANGE)], known=[version])
