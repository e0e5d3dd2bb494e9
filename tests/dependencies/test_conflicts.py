import random
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.conflict_models import Conflict, ConflictQuery
from gitops_auditor.dependencies.conflicts import find_conflicts
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Dependency,
    DependencyType,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.packages import ProvidedPackage
from gitops_auditor.dependencies.versions import allows, parse
from tests.factories.dependencies import dependency


def needs(
    source: str,
    constraint: str,
    name: str = "lib",
    *,
    target: str | None = None,
    kind: ConstraintKind = ConstraintKind.RANGE,
    type_: DependencyType = DependencyType.NPM,
    scope: Scope = Scope.RUNTIME,
    line: int = 1,
) -> Dependency:
    return dependency(
        source, target, name=name, constraint=constraint, kind=kind, type_=type_, scope=scope,
        line=line,
    )  # fmt: skip


def provides(repository: str, version: str, name: str = "lib") -> ProvidedPackage:
    return ProvidedPackage(repository, Reference("npm", name), version)


def only(conflicts: list[Conflict]) -> Conflict:
    (found,) = conflicts
    return found


def edits(conflict: Conflict) -> list[tuple[str, str, str]]:
    assert conflict.resolution is not None
    return [(one.repository, one.constraint, one.proposed) for one in conflict.resolution.edits]


def test_two_repositories_with_different_majors_are_reported_with_a_minimal_fix() -> None:
    report = find_conflicts([needs("a", "^1.2.0", line=7), needs("b", "^2.0.1", line=9)])
    conflict = only(report.conflicts)
    assert (conflict.id, conflict.kind, conflict.severity) == ("npm:lib", "incompatible", "high")
    assert conflict.repositories == ["a", "b"]
    assert conflict.majors == {"1": ["a"], "2": ["b"]}
    assert [(one.repository, one.file, one.line) for one in conflict.blocking] == [
        ("a", "package.json", 7),
        ("b", "package.json", 9),
    ]
    assert edits(conflict) == [("a", "^1.2.0", "^2.0.1")]
    assert conflict.resolution is not None
    assert (conflict.resolution.version, conflict.resolution.kept) == ("2.0.1", 1)
    assert conflict.resolution.origin == "declared"
    assert report.by_kind == {"unsatisfiable": 0, "incompatible": 1, "outdated": 0}
    assert report.by_severity == {"critical": 0, "high": 1, "medium": 0, "low": 0}


def test_the_majority_keeps_its_version() -> None:
    declared = [needs("a", "^1.0.0"), needs("b", "^1.1.0"), needs("c", "^2.0.0")]
    assert edits(only(find_conflicts(declared).conflicts)) == [("c", "^2.0.0", "^1.1.0")]


def test_a_prerelease_that_nobody_asks_for_is_no_remedy() -> None:
    declared = [
        needs("a", ">=1,<4", type_=DependencyType.PYTHON),
        needs("b", ">2.9,<5", type_=DependencyType.PYTHON),
        needs("c", "==9.0", type_=DependencyType.PYTHON),
    ]
    conflict = only(find_conflicts(declared).conflicts)
    assert conflict.resolution is not None
    assert (conflict.resolution.version, conflict.resolution.origin) == ("3", "derived")
    assert edits(conflict) == [("c", "==9.0", "==3")]


def test_every_declaration_counts_not_every_repository() -> None:
    declared = [needs("a", "^1.0.0", line=line) for line in range(1, 4)]
    declared += [needs("b", "^2.0.0"), needs("c", "^2.0.0")]
    conflict = only(find_conflicts(declared).conflicts)
    assert edits(conflict) == [("b", "^2.0.0", "^1.0.0"), ("c", "^2.0.0", "^1.0.0")]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ConstraintKind.WORKSPACE, "workspace:*"),
        (ConstraintKind.PATH, "link:../lib"),
        (ConstraintKind.TAG, "latest"),
        (ConstraintKind.DYNAMIC, "${LIB}"),
        (ConstraintKind.CATALOG, "catalog:"),
        (ConstraintKind.URL, "https://example.com/lib.tgz"),
        (ConstraintKind.COMMIT, "a" * 40),
        (ConstraintKind.NONE, ""),
    ],
)
def test_what_holds_no_version_never_disagrees(kind: ConstraintKind, text: str) -> None:
    declared = [needs("a", "^1"), needs("b", text, kind=kind, target="lib")]
    assert find_conflicts(declared, [provides("lib", "1.5.0")]).conflicts == []


def test_compatible_requirements_are_no_conflict() -> None:
    report = find_conflicts([needs("a", "^1.2.0"), needs("b", ">=1.4 <3")])
    assert (report.conflicts, report.packages) == ([], 1)


def test_a_disagreement_inside_one_repository_is_its_own_affair() -> None:
    assert find_conflicts([needs("a", "^1"), needs("a", "^2", line=2)]).conflicts == []
    declared = [needs("a", "^1"), needs("a", "^2", line=2), needs("b", ">=1")]
    assert find_conflicts(declared).conflicts == []
    declared = [needs("a", "^1"), needs("a", "^2", line=2), needs("b", "^3")]
    assert only(find_conflicts(declared).conflicts).kind == "incompatible"


def test_a_package_of_the_same_name_in_another_ecosystem_is_another_package() -> None:
    declared = [needs("a", "^1"), needs("b", "==2.0", type_=DependencyType.PYTHON)]
    assert find_conflicts(declared).packages == 2


def test_python_names_are_compared_as_the_index_compares_them() -> None:
    declared = [
        needs("a", "==1.0", "Some_Lib", type_=DependencyType.PYTHON),
        needs("b", "==2.0", "some-lib[extra]", type_=DependencyType.PYTHON),
    ]
    assert only(find_conflicts(declared).conflicts).name == "some-lib"


def test_consumers_behind_their_provider_are_outdated() -> None:
    declared = [needs("a", "^1.0.0", target="lib"), needs("b", ">=1", target="lib")]
    conflict = only(find_conflicts(declared, [provides("lib", "2.3.0")]).conflicts)
    assert (conflict.kind, conflict.severity) == ("outdated", "medium")
    assert (conflict.provider, conflict.provided_versions) == ("lib", ["2.3.0"])
    assert [one.admits_provided for one in conflict.holders] == [False, True]
    assert [one.is_outdated for one in conflict.holders] == [True, False]
    assert conflict.blocking == []
    assert edits(conflict) == [("a", "^1.0.0", "^2.3.0")]
    assert conflict.resolution is not None
    assert conflict.resolution.origin == "provided"


def test_a_development_version_counts_as_the_release_it_leads_to() -> None:
    declared = [needs("a", "^2.0.0", target="lib")]
    assert find_conflicts(declared, [provides("lib", "2.1.0-beta.1")]).conflicts == []
    conflict = only(find_conflicts(declared, [provides("lib", "3.0.0-beta.1")]).conflicts)
    assert edits(conflict) == [("a", "^2.0.0", "^3.0.0-beta.1")]


def test_a_consumer_that_wants_more_than_the_tree_has_is_not_outdated() -> None:
    declared = [needs("a", "^1.6.4", target="lib"), needs("b", "^1.0.0", target="lib")]
    assert find_conflicts(declared, [provides("lib", "1.6.3")]).conflicts == []


def test_a_pin_is_not_outdated_by_a_prerelease_of_its_own_major() -> None:
    declared = [needs("a", "2.0.0", target="lib")]
    assert find_conflicts(declared, [provides("lib", "2.1.0-dev.1")]).conflicts == []
    (conflict,) = find_conflicts(declared, [provides("lib", "2.1.0")]).conflicts
    assert (conflict.kind, conflict.severity) == ("outdated", "low")


def test_a_placeholder_version_makes_nobody_outdated() -> None:
    declared = [needs("a", "^2.0.0", target="lib")]
    assert find_conflicts(declared, [provides("lib", "0.0.0-development")]).conflicts == []
    assert find_conflicts(declared, [provides("lib", "")]).conflicts == []
    declared = [needs("a", "0.0.0", target="lib")]
    assert find_conflicts(declared, [provides("lib", "0.0.1-set.by.tool")]).conflicts == []


def test_any_of_several_provided_versions_will_do() -> None:
    provided = [provides("lib", "1.9.0"), provides("lib", "2.0.0")]
    assert find_conflicts([needs("a", "^1", target="lib")], provided).conflicts == []


def test_among_equal_remedies_the_provided_version_wins() -> None:
    declared = [needs("a", "^1.0.0", target="lib"), needs("b", "^2.0.0", target="lib")]
    conflict = only(find_conflicts(declared, [provides("lib", "1.4.0")]).conflicts)
    assert (conflict.kind, conflict.severity) == ("incompatible", "critical")
    assert edits(conflict) == [("b", "^2.0.0", "^1.4.0")]


def test_a_range_that_admits_nothing_is_unsatisfiable() -> None:
    conflict = only(find_conflicts([needs("a", ">2 <1"), needs("b", "^1")]).conflicts)
    assert conflict.kind == "unsatisfiable"
    assert [one.repository for one in conflict.blocking] == ["a"]
    assert [one[0] for one in edits(conflict)] == ["a"]


def test_a_fixed_repository_is_not_edited() -> None:
    declared = [needs("a", "^1.0.0"), needs("b", "^1.0.0"), needs("c", "^2.0.0")]
    query = ConflictQuery(fixed_repositories=("c",))
    conflict = only(find_conflicts(declared, query=query).conflicts)
    assert [one[0] for one in edits(conflict)] == ["a", "b"]


def test_fixed_repositories_that_exclude_one_another_prove_that_nothing_helps() -> None:
    declared = [needs("a", "^1", line=4), needs("b", "^2", line=5), needs("c", "^3")]
    query = ConflictQuery(fixed_repositories=("a", "b"))
    conflict = only(find_conflicts(declared, query=query).conflicts)
    assert conflict.resolution is None
    assert conflict.unresolvable == (
        "No version satisfies a (^1 at package.json:4) and b (^2 at package.json:5), "
        "and none of these may be changed."
    )


def test_a_fixed_consumer_that_is_behind_cannot_be_brought_forward() -> None:
    query = ConflictQuery(fixed_repositories=("a",))
    declared = [needs("a", "^1", target="lib")]
    conflict = only(find_conflicts(declared, [provides("lib", "2.0.0")], query).conflicts)
    assert conflict.resolution is None
    assert conflict.unresolvable == (
        "a (^1 at package.json:1) may not be changed and excludes the provided version 2.0.0."
    )


@pytest.mark.parametrize(
    ("scopes", "severity"),
    [
        ((Scope.RUNTIME, Scope.RUNTIME), "high"),
        ((Scope.RUNTIME, Scope.BUILD), "medium"),
        ((Scope.RUNTIME, Scope.DEV), "low"),
        ((Scope.TEST, Scope.CI), "low"),
    ],
)
def test_the_scope_at_which_they_disagree_gives_the_severity(
    scopes: tuple[Scope, Scope], severity: str
) -> None:
    declared = [needs("a", "^1", scope=scopes[0]), needs("b", "^2", scope=scopes[1])]
    assert only(find_conflicts(declared).conflicts).severity == severity


def test_a_disagreement_within_one_major_version_is_less_severe() -> None:
    declared = [needs("a", "1.2.0"), needs("b", "1.3.0")]
    assert only(find_conflicts(declared).conflicts).severity == "medium"


def test_a_calendar_tag_keeps_its_zeros() -> None:
    docker = DependencyType.DOCKER
    declared = [needs(one, "22.04", "ubuntu", type_=docker) for one in "ab"]
    declared.append(needs("c", "24.04", "ubuntu", type_=docker))
    conflict = only(find_conflicts(declared).conflicts)
    assert edits(conflict) == [("c", "24.04", "22.04")]


def test_conflicts_are_listed_from_the_most_severe() -> None:
    declared = [
        needs("a", "^1", "alpha", scope=Scope.DEV),
        needs("b", "^2", "alpha", scope=Scope.DEV),
        needs("a", "^1", "zeta"),
        needs("b", "^2", "zeta"),
    ]
    assert [one.name for one in find_conflicts(declared).conflicts] == ["zeta", "alpha"]


def test_a_query_narrows_what_is_compared() -> None:
    declared = [
        needs("a", "^1", "one"),
        needs("b", "^2", "one"),
        needs("c", "^1", "two", target="two", scope=Scope.DEV),
        needs("d", "^2", "two", target="two", scope=Scope.DEV),
    ]

    def names(query: ConflictQuery) -> list[str]:
        return [one.name for one in find_conflicts(declared, query=query).conflicts]

    assert names(ConflictQuery()) == ["one", "two"]
    assert names(ConflictQuery(repository="a")) == ["one"]
    assert names(ConflictQuery(include_external=False)) == ["two"]
    assert names(ConflictQuery(scopes=(Scope.DEV,))) == ["two"]
    assert names(ConflictQuery(types=(DependencyType.GO,))) == []


def test_images_disagree_by_number_and_not_by_flavour() -> None:
    docker = DependencyType.DOCKER
    slim, alpine = needs("a", "3.11-slim", type_=docker), needs("b", "3.11-alpine", type_=docker)
    assert find_conflicts([slim, alpine]).conflicts == []
    newer = needs("c", "3.12-slim", type_=docker)
    conflict = only(find_conflicts([slim, alpine, newer]).conflicts)
    assert edits(conflict) == [("c", "3.12-slim", "3.11-slim")]


GRID = [f"{a}.{b}.{c}" for a, b, c in product(range(5), range(4), range(4))]
CONSTRAINT = st.builds(
    lambda operator, a, b: f"{operator}{a}.{b}.0",
    st.sampled_from(["^", "~", ">=", "<", "<=", ""]),
    st.integers(0, 2),
    st.integers(0, 2),
) | st.sampled_from(["^1.0.0 || ^2.0.0", ">2.0.0 <1.0.0", "*"])
INSTANCE = st.lists(
    st.tuples(st.sampled_from("abcd"), CONSTRAINT), min_size=1, max_size=6, unique=True
)


def satisfiable(texts: list[str]) -> bool:
    read = [parse("npm", text, ConstraintKind.RANGE) for text in texts]
    return any(all(allows(one, version) for one in read) for version in GRID)


@given(INSTANCE, st.sets(st.sampled_from("abcd"), max_size=2))
def test_the_remedy_is_as_small_as_brute_force_finds(
    instance: list[tuple[str, str]], fixed: set[str]
) -> None:
    declared = [needs(source, text, line=n) for n, (source, text) in enumerate(instance, 1)]
    query = ConflictQuery(fixed_repositories=tuple(sorted(fixed)))
    texts = [text for _, text in instance]
    for conflict in find_conflicts(declared, query=query).conflicts:
        assert not satisfiable(texts)
        assert not satisfiable([one.constraint for one in conflict.blocking])
        least = fewest_by_brute_force(instance, fixed)
        if conflict.resolution is None:
            assert least is None
            continue
        assert len(conflict.resolution.edits) == least
        changed = {(one.line, one.proposed) for one in conflict.resolution.edits}
        lines = {line for line, _ in changed}
        after = [text for line, text in enumerate(texts, 1) if line not in lines]
        version = conflict.resolution.version
        for text in [*after, *(proposed for _, proposed in changed)]:
            assert allows(parse("npm", text, ConstraintKind.RANGE), version)
        assert not {one.repository for one in conflict.resolution.edits} & fixed


def fewest_by_brute_force(instance: list[tuple[str, str]], fixed: set[str]) -> int | None:
    free = [place for place, (source, _) in enumerate(instance) if source not in fixed]
    for size in range(len(free) + 1):
        for edited in combinations(free, size):
            kept = [text for place, (_, text) in enumerate(instance) if place not in edited]
            if satisfiable(kept):
                return size
    return None


@given(INSTANCE)
def test_an_impossible_workspace_is_always_reported(instance: list[tuple[str, str]]) -> None:
    declared = [needs(source, text, line=n) for n, (source, text) in enumerate(instance, 1)]
    merged = {source: " ".join(t for s, t in instance if s == source) for source, _ in instance}
    has_inner = not all(
        satisfiable([text for s, text in instance if s == source]) for source in merged
    )
    if not has_inner and not satisfiable([text for _, text in instance]):
        assert find_conflicts(declared).conflicts


@given(INSTANCE, st.randoms(use_true_random=False))
def test_conflicts_do_not_depend_on_the_order_of_the_input(
    instance: list[tuple[str, str]], shuffle: random.Random
) -> None:
    declared = [
        needs(source, text, target="lib", line=n) for n, (source, text) in enumerate(instance, 1)
    ]
    shuffled = list(declared)
    shuffle.shuffle(shuffled)
    provided = [provides("lib", "1.1.0"), provides("lib", "2.0.0")]
    assert find_conflicts(declared, provided) == find_conflicts(shuffled, provided[::-1])
