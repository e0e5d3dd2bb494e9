from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.edges import Edge, RepositoryStatements
from gitops_auditor.dependencies.matching import consumers, match
from gitops_auditor.dependencies.models import ConstraintKind, Scope
from tests.dependencies.factories import offer, repository, requirement


def only(edges: list[Edge]) -> Edge:
    assert len(edges) == 1, edges
    return edges[0]


def test_a_package_name_leads_to_the_repository_that_offers_it() -> None:
    edge = only(
        match(
            [
                repository("unjs/h3", requirement("npm:ufo", "^1.5.0", line=12)),
                repository("unjs/ufo", offer("npm:ufo")),
            ]
        )
    )
    assert (edge.source_repo, edge.target_repo, edge.target_package) == (
        "unjs/h3",
        "unjs/ufo",
        "ufo",
    )
    assert (edge.version_constraint, edge.file, edge.line) == ("^1.5.0", "package.json", 12)
    assert edge.confidence == 1.0


def test_what_nobody_here_offers_is_kept_without_a_target() -> None:
    edge = only(match([repository("unjs/h3", requirement("npm:react"))]))
    assert edge.target_repo is None


def test_what_a_script_runs_is_an_edge_only_when_somebody_here_offers_it() -> None:
    run = requirement("npm:automd", "", confidence=0.5, file="ci.yml")
    other = requirement("npm:vitest", "", confidence=0.5, file="ci.yml")
    edge = only(
        match([repository("u/h3", run, other), repository("u/automd", offer("npm:automd"))])
    )
    assert (edge.name, edge.confidence) == ("automd", 0.5)


def test_a_package_does_not_depend_on_itself() -> None:
    own = requirement("npm:ufo", package="ufo", file="playground/package.json")
    assert match([repository("unjs/ufo", own, offer("npm:ufo"))]) == []


def test_packages_of_one_repository_depend_on_each_other() -> None:
    edge = only(
        match(
            [
                repository(
                    "acme/mono",
                    requirement("npm:@acme/core", package="@acme/web", file="web/package.json"),
                    offer("npm:@acme/core", file="core/package.json"),
                    offer("npm:@acme/web", file="web/package.json"),
                )
            ]
        )
    )
    assert edge.source_repo == edge.target_repo == "acme/mono"
    assert (edge.source_package, edge.target_package) == ("@acme/web", "@acme/core")


def test_the_repositorys_own_package_is_preferred_to_another_of_the_same_name() -> None:
    edge = only(
        match(
            [
                repository("a/first", offer("npm:core")),
                repository(
                    "z/mono",
                    requirement("npm:core", package="web", file="web/package.json"),
                    offer("npm:core", file="core/package.json"),
                ),
            ]
        )
    )
    assert edge.target_repo == "z/mono"


def test_a_fixture_never_provides_to_others() -> None:
    edge = only(
        match(
            [
                repository("a/app", requirement("npm:lodash")),
                repository("b/tool", offer("npm:lodash", file="test/fixtures/lodash/package.json")),
            ]
        )
    )
    assert edge.target_repo is None


def test_a_fixture_does_not_hide_the_real_provider_from_its_own_repository() -> None:
    edge = only(
        match(
            [
                repository(
                    "u/jiti",
                    requirement("npm:consola", package="jiti"),
                    offer("npm:consola", file="test/fixtures/consola/package.json"),
                ),
                repository("u/consola", offer("npm:consola")),
            ]
        )
    )
    assert edge.target_repo == "u/consola"


def test_a_workspace_constraint_means_the_own_repository_even_among_examples() -> None:
    member = requirement(
        "npm:core", "workspace:*", package="demo", kind=ConstraintKind.WORKSPACE, file="d/p.json"
    )
    edge = only(
        match(
            [
                repository("u/mono", member, offer("npm:core", file="examples/core/package.json")),
                repository("u/core", offer("npm:core")),
            ]
        )
    )
    assert edge.target_repo == "u/mono"


def test_a_test_helper_that_bears_its_repositorys_name_is_offered_to_others() -> None:
    helper = offer("pypi:opentelemetry-test-utils", file="tests/utils/pyproject.toml")
    stranger = offer("pypi:flask", file="tests/flask/pyproject.toml")
    edges = match(
        [
            repository("o/contrib", requirement("pypi:opentelemetry-test-utils")),
            repository("o/web", requirement("pypi:flask")),
            repository("o/opentelemetry-python", helper, stranger),
        ]
    )
    assert [edge.target_repo for edge in edges] == ["o/opentelemetry-python", None]


def test_of_two_providers_one_is_chosen_and_the_other_is_named() -> None:
    edge = only(
        match(
            [
                repository("a/app", requirement("npm:ui")),
                repository("z/ui", offer("npm:ui")),
                repository("b/ui-fork", offer("npm:ui", file="packages/ui/package.json")),
            ]
        )
    )
    assert edge.target_repo == "z/ui"
    assert edge.alternatives == ("b/ui-fork",)


def test_an_image_built_for_each_architecture_is_found_by_any_of_its_names() -> None:
    edge = only(
        match(
            [
                repository("ha/dns", requirement("image:ghcr.io/ha/amd64-base", "3.20")),
                repository("ha/docker-base", offer("image:ghcr.io/ha/{arch}-base", file="b.yaml")),
            ]
        )
    )
    assert (edge.target_repo, edge.confidence) == ("ha/docker-base", 1.0)


def test_an_image_that_nobody_declares_is_guessed_with_less_confidence() -> None:
    edge = only(
        match(
            [
                repository("hub/deploy", requirement("image:quay.io/hub/hub", "5")),
                repository("hub/hub"),
            ]
        )
    )
    assert (edge.target_repo, edge.confidence) == ("hub/hub", 0.8)


def test_an_image_is_found_under_its_name_at_another_registry_with_less_confidence() -> None:
    stacks = repository("acme/stacks", offer("image:quay.io/acme/base", file="Dockerfile"))
    user = repository("x/user", requirement("image:acme/base", "1"))
    other = repository("x/other", requirement("image:ghcr.io/emca/base", "1"))
    named = {edge.source_repo: edge for edge in match([stacks, user, other])}
    assert (named["x/user"].target_repo, named["x/user"].confidence) == ("acme/stacks", 0.8)
    assert named["x/other"].target_repo is None


def test_an_image_that_is_named_after_a_program_is_guessed() -> None:
    hub = repository("acme/hub", offer("command:acme-worker", file="pyproject.toml"))
    user = repository("x/user", requirement("image:quay.io/acme/worker", "1"))
    edge = only(match([hub, user]))
    assert (edge.target_repo, edge.confidence) == ("acme/hub", 0.6)


def test_what_a_line_says_twice_is_one_edge_as_sure_as_the_surer_statement() -> None:
    hub = repository("acme/hub", offer("pypi:hub", file="pyproject.toml"))
    line = [
        requirement("pypi:hub", at, confidence=sure, line=4) for at, sure in (("1", 0.5), ("2", 1))
    ]
    user = repository("x/user", *line, requirement("pypi:hub", "1", line=5))
    edges = match([hub, user])
    assert [(edge.line, edge.version_constraint, edge.confidence) for edge in edges] == [
        (4, "2", 1.0),
        (5, "1", 1.0),
    ]


def test_a_go_module_below_a_repository_is_that_repositorys() -> None:
    edge = only(
        match(
            [
                repository("flux/src", requirement("go:github.com/flux/pkg/apis/meta", "v1.2.0")),
                repository("flux/pkg"),
            ]
        )
    )
    assert (edge.target_repo, edge.confidence) == ("flux/pkg", 1.0)


def test_several_statements_of_one_name_in_one_file_are_edges_of_their_own() -> None:
    edges = match(
        [repository("a/app", *[requirement("npm:x", "^1", line=line) for line in (3, 9)])]
    )
    assert len({edge.id for edge in edges}) == 2


def test_an_edge_keeps_its_id_when_its_version_and_line_change() -> None:
    before = only(match([repository("a/app", requirement("npm:x", "^1", line=3))]))
    after = only(match([repository("a/app", requirement("npm:x", "^2", line=8))]))
    assert before.id == after.id


def test_impact_grows_with_scope_and_with_the_number_of_consumers() -> None:
    few = [repository(f"a/r{n}", requirement("npm:x")) for n in range(2)]
    many = [repository(f"a/r{n}", requirement("npm:x")) for n in range(5)]
    provider = repository("a/x", offer("npm:x"))
    assert {edge.impact_level for edge in match([*few, provider])} == {"high"}
    assert {edge.impact_level for edge in match([*many, provider])} == {"critical"}


def test_impact_of_scripts_examples_and_interfaces() -> None:
    def level(reference: str, scope: Scope, confidence: float = 1.0) -> str:
        statement = requirement(reference, scope=scope, confidence=confidence)
        provider = repository("a/x", offer(reference))
        return only(match([repository("a/app", statement), provider])).impact_level

    assert level("npm:x", Scope.DEV) == "low"
    assert level("npm:x", Scope.CI) == "medium"
    assert level("npm:x", Scope.CI, 0.5) == "low"
    assert level("api:ledger", Scope.RUNTIME) == "critical"


def test_consumers_are_counted_once_a_repository_and_never_the_provider_itself() -> None:
    edges = match(
        [
            repository("a/one", requirement("npm:x"), requirement("npm:x", line=2)),
            repository("a/x", offer("npm:x"), requirement("npm:x", package="demo")),
        ]
    )
    assert consumers(edges) == {"a/x": 1}


names = st.sampled_from(["a", "b", "c", "d"])
scopes = st.sampled_from(list(Scope))


@st.composite
def workspaces(draw: st.DrawFn) -> list[RepositoryStatements]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        needs = draw(st.lists(st.tuples(names, scopes, st.integers(1, 9)), max_size=6))
        offers = draw(
            st.lists(st.tuples(names, st.sampled_from(["", "test/", "lib/"])), max_size=3)
        )
        statements = [requirement(f"npm:{n}", scope=s, line=line) for n, s, line in needs]
        provided = [offer(f"npm:{n}", file=f"{folder}package.json") for n, folder in offers]
        found.append(repository(f"o/r{number}", *statements, *provided))
    return found


@given(workspaces(), st.randoms())
def test_the_order_of_repositories_and_statements_changes_nothing(
    workspace: list[RepositoryStatements], random: Random
) -> None:
    expected = match(workspace)
    shuffled = [
        item._replace(
            requirements=tuple(random.sample(item.requirements, len(item.requirements))),
            offers=tuple(random.sample(item.offers, len(item.offers))),
        )
        for item in random.sample(workspace, len(workspace))
    ]
    assert match(shuffled) == expected


@given(workspaces())
def test_every_edge_has_an_id_of_its_own_and_a_provider_that_offers_it(
    workspace: list[RepositoryStatements],
) -> None:
    edges = match(workspace)
    offered = {(item.id, offer.reference.name) for item in workspace for offer in item.offers}
    assert len({edge.id for edge in edges}) == len(edges)
    assert all((edge.target_repo, edge.name) in offered for edge in edges if edge.target_repo)


def test_a_private_package_is_used_by_its_own_repository_only() -> None:
    web = requirement("npm:theme", "*", package="web", file="web/package.json")
    private = offer("npm:theme", file="theme/package.json", private=True)
    edges = match(
        [repository("u/mono", web, private), repository("u/app", requirement("npm:theme"))]
    )
    assert [(edge.source_repo, edge.target_repo) for edge in edges] == [
        ("u/app", None),
        ("u/mono", "u/mono"),
    ]


@pytest.mark.parametrize(
    ("chart", "found"),
    [
        ("hub", True),
        ("https://acme.github.io/charts/hub", True),
        ("oci://ghcr.io/acme/charts/hub", True),
        ("https://charts.acme.io/hub", True),
        ("https://other.github.io/charts/hub", False),
        ("oci://ghcr.io/other/charts/hub", False),
        ("https://charts.example.org/stable/hub", False),
    ],
)
def test_a_chart_is_that_of_a_repository_that_may_publish_at_its_address(
    chart: str, *, found: bool
) -> None:
    provider = repository("acme/charts", offer("chart:hub", file="hub/Chart.yaml"))
    edge = only(match([repository("u/app", requirement(f"chart:{chart}")), provider]))
    assert (edge.target_repo == "acme/charts") is found
