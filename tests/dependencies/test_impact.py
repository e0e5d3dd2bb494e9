import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.impact import analyze_impact
from gitops_auditor.dependencies.impact_models import ChangeRequest, ChangeType, ImpactReport
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Dependency,
    DependencyType,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.packages import ProvidedPackage
from gitops_auditor.errors import NotFound
from tests.factories.dependencies import REPOSITORIES, dependency, graphs

CHAIN = [
    dependency("api", "core", constraint="^1.0.0", line=5, impact="high"),
    dependency("web", "api", constraint="^3.0.0", line=6),
    dependency("site", "web", line=7),
    dependency("docs", "site", line=8, scope=Scope.DEV),
    dependency("tool", "core", constraint="latest", kind=ConstraintKind.TAG, scope=Scope.CI),
]
NAMES = ["core", "api", "web", "site", "docs", "tool", "other"]


def impact(
    change_type: ChangeType = "minor",
    declared: list[Dependency] = CHAIN,
    *,
    repository: str = "core",
    version: str | None = None,
    package: str | None = None,
    depth: int = 3,
) -> ImpactReport:
    change = ChangeRequest(
        repository=repository, change_type=change_type, version=version, package=package
    )
    names = sorted({*NAMES, *(one.source_repo for one in declared), repository})
    return analyze_impact(declared, names, change, depth)


def test_direct_and_transitive_effects_are_told_apart() -> None:
    report = impact(depth=9)
    assert [one.repository for one in report.direct] == ["api", "tool"]
    assert [(one.repository, one.distance) for one in report.transitive] == [
        ("web", 2),
        ("site", 3),
        ("docs", 4),
    ]
    assert report.affected_repositories == ["api", "docs", "site", "tool", "web"]
    assert (report.truncated, report.beyond_depth) == (False, 0)


def test_a_path_gives_the_line_of_every_hop() -> None:
    site = impact().transitive[-1]
    assert [(hop.consumer, hop.provider, hop.line) for hop in site.path] == [
        ("site", "web", 7),
        ("web", "api", 6),
        ("api", "core", 5),
    ]


def test_what_depth_hides_is_counted() -> None:
    report = impact(depth=1)
    assert report.affected_repositories == ["api", "tool"]
    assert (report.truncated, report.beyond_depth) == (True, 3)
    assert "3 more are affected" in report.recommendations[-1]


def test_a_shortest_path_is_taken_and_the_strongest_scope_reported() -> None:
    declared = [*CHAIN, dependency("site", "core", scope=Scope.TEST, line=40)]
    site = next(one for one in impact(declared=declared).direct if one.repository == "site")
    assert [hop.line for hop in site.path] == [40]
    assert site.scope is Scope.RUNTIME
    assert [use.scope for use in site.uses] == [Scope.TEST]


def test_an_effect_is_as_weak_as_the_weakest_link_on_its_way() -> None:
    docs = impact(depth=4).transitive[-1]
    assert (docs.repository, docs.scope) == ("docs", Scope.DEV)


@pytest.mark.parametrize(("version", "admits"), [("1.4.0", True), ("2.0.0", False), (None, None)])
def test_a_direct_consumer_says_whether_it_admits_the_version(
    version: str | None, admits: bool | None
) -> None:
    api, tool = impact("major", version=version).direct
    assert api.admits is admits
    assert api.uses[0].admits is admits
    assert tool.admits is None


def test_declarations_that_differ_leave_the_verdict_open() -> None:
    declared = [*CHAIN, dependency("api", "core", constraint=">=1", scope=Scope.DEV, line=9)]
    api = impact("major", declared, version="2.0.0").direct[0]
    assert api.admits is None
    assert [use.admits for use in api.uses] == [False, True]


def test_only_consumers_of_the_changed_package_are_affected() -> None:
    declared = [
        dependency("a", "mono", name="one", target_package="one"),
        dependency("b", "mono", name="two", target_package="two"),
        dependency("c", "mono", name="org/mono"),
    ]
    report = impact(declared=declared, repository="mono", package="one")
    assert report.affected_repositories == ["a", "c"]
    report = impact(declared=declared, repository="mono")
    assert report.affected_repositories == ["a", "b", "c"]


def test_a_change_travels_through_packages_of_one_repository_only_where_they_need_one_another() -> (
    None
):
    declared = [
        dependency("mono", "core", source_package="low", target_package="core"),
        dependency("mono", "mono", source_package="high", target_package="low", line=2),
        dependency("a", "mono", source_package="a", target_package="high", line=3),
        dependency("b", "mono", source_package="b", target_package="apart", line=4),
    ]
    report = impact(declared=declared)
    assert report.affected_repositories == ["a", "mono"]
    (a,) = report.transitive
    assert a.distance == 2
    assert [(hop.consumer, hop.provider, hop.line) for hop in a.path] == [
        ("a", "mono", 3),
        ("mono", "mono", 2),
        ("mono", "core", 1),
    ]


def test_the_update_order_holds_the_affected_and_the_changed_repository() -> None:
    order = impact(depth=2).update_order
    assert [phase.nodes for phase in order] == [["core"], ["api", "tool"], ["web"]]


def test_an_unknown_repository_is_not_found() -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        analyze_impact([], ["a"], ChangeRequest(repository="nowhere", change_type="patch"))


def test_an_unknown_package_is_not_found_and_the_known_ones_are_named() -> None:
    change = ChangeRequest(repository="core", change_type="patch", package="nothing")
    provided = [ProvidedPackage("core", Reference("npm", "@core/lib"), "1.0.0")]
    with pytest.raises(NotFound, match="'nothing'") as caught:
        analyze_impact(CHAIN, NAMES, change, provided=provided)
    assert caught.value.hint == "It is one of: @core/lib, core."
    unused = change.model_copy(update={"package": "@core/lib"})
    assert analyze_impact(CHAIN, NAMES, unused, provided=provided).change == unused


def test_a_change_that_nobody_notices_has_no_risk() -> None:
    report = impact("removal", repository="other")
    assert (report.risk.score, report.risk.level, report.risk.factors) == (0, "low", [])
    assert report.recommendations == [
        "Nothing in the workspace depends on other: release it when its own checks pass."
    ]


def test_the_score_is_the_sum_of_its_factors() -> None:
    risk = impact("major", version="2.0.0").risk
    assert {factor.name: factor.points for factor in risk.factors} == {
        "change": 25,
        "direct_consumers": 8,
        "affected_repositories": 8,
        "scope": 15,
        "impact": 7,
        "unguarded": 5,
    }
    assert (risk.score, risk.level) == (68, "high")


@pytest.mark.parametrize(
    ("change_type", "consumers", "scope", "level"),
    [
        ("patch", 1, Scope.DEV, "low"),
        ("minor", 3, Scope.RUNTIME, "medium"),
        ("major", 3, Scope.RUNTIME, "critical"),
        ("breaking", 1, Scope.TEST, "medium"),
        ("removal", 9, Scope.RUNTIME, "critical"),
    ],
)
def test_risk_grows_with_what_changes_and_whom_it_reaches(
    change_type: ChangeType, consumers: int, scope: Scope, level: str
) -> None:
    declared = [dependency(f"r{n}", "core", scope=scope) for n in range(consumers)]
    assert impact(change_type, declared).risk.level == level


def test_shared_state_and_a_way_back_add_to_the_risk() -> None:
    declared = [
        dependency("a", "core", type_=DependencyType.API),
        dependency("core", "a", scope=Scope.CI),
    ]
    report = impact(declared=declared)
    assert {"shared_state", "cycle"} <= {factor.name for factor in report.risk.factors}
    assert report.affected_repositories == ["a"]


def test_recommendations_name_files_lines_and_the_constraint_to_write() -> None:
    assert impact("major", version="2.0.0").recommendations == [
        "These exclude 2.0.0; change them to take it: api (package.json:5) `^1.0.0` to `^2.0.0`.",
        "These name no version that can be compared; check them by hand: tool (package.json:1).",
        "Run the checks of api, web, site against the change before it is released.",
        "Update in this order: core, then api, tool, then web, then site.",
        "Analyse again with a greater depth: 1 more are affected beyond it.",
    ]


@pytest.mark.parametrize(
    ("change_type", "version", "sentence"),
    [
        ("removal", None, "Replace core before you remove it: api (package.json:5)"),
        ("api", None, "Keep the old API of core until"),
        ("config", None, "Check that these still read core"),
        ("security", None, "Bring the fix to what runs first: api (package.json:5)."),
        ("breaking", "1.1.0", "These admit 1.1.0 without an edit"),
        ("breaking", None, "Name the version to be released"),
    ],
)
def test_each_kind_of_change_has_its_own_advice(
    change_type: ChangeType, version: str | None, sentence: str
) -> None:
    found = impact(change_type, version=version).recommendations
    assert any(line.startswith(sentence) for line in found)


def test_long_lists_are_cut_and_counted() -> None:
    declared = [dependency(f"r{number}", "core") for number in range(8)]
    assert "Run the checks of r0, r1, r2, r3, r4 and 3 more" in " ".join(
        impact(declared=declared).recommendations
    )


CHANGE = st.sampled_from(["patch", "minor", "major", "breaking", "removal", "api", "security"])


@given(graphs(), graphs(6), CHANGE, st.integers(1, 4))
def test_a_further_dependency_never_lowers_the_risk(
    declared: list[Dependency], more: list[Dependency], change_type: ChangeType, depth: int
) -> None:
    before = impact(change_type, declared, repository="a", depth=depth)
    after = impact(change_type, [*declared, *more], repository="a", depth=depth)
    assert after.risk.score >= before.risk.score
    assert set(before.affected_repositories) <= set(after.affected_repositories)


@given(graphs(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_a_report_does_not_depend_on_the_order_of_its_input(
    declared: list[Dependency], shuffle: random.Random, depth: int
) -> None:
    shuffled = list(declared)
    shuffle.shuffle(shuffled)
    assert impact(declared=declared, repository="a", depth=depth) == impact(
        declared=shuffled, repository="a", depth=depth
    )


@given(graphs())
def test_effects_are_what_can_be_reached_and_their_paths_are_shortest(
    declared: list[Dependency],
) -> None:
    distance = {"a": 0}
    for _ in REPOSITORIES:
        for one in declared:
            if one.target_repo in distance:
                steps = distance[one.target_repo] + 1
                distance[one.source_repo] = min(steps, distance.get(one.source_repo, steps))
    del distance["a"]
    report = impact(declared=declared, repository="a", depth=99)
    found = {one.repository: one for one in [*report.direct, *report.transitive]}
    assert {name: one.distance for name, one in found.items()} == distance
    for effect in found.values():
        assert len(effect.path) == effect.distance
        assert (effect.path[0].consumer, effect.path[-1].provider) == (effect.repository, "a")
        assert all(hop.provider == further.consumer for hop, further in pairwise(effect.path))
