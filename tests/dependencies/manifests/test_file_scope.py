import pytest

from gitops_auditor.dependencies.manifests.file_scope import is_test_data, scope_of_path, weaker
from gitops_auditor.dependencies.manifests.name_scope import group_scope
from gitops_auditor.dependencies.models import Scope


@pytest.mark.parametrize(
    ("path", "declared", "scope"),
    [
        ("Dockerfile", Scope.RUNTIME, Scope.RUNTIME),
        ("app/Dockerfile", Scope.BUILD, Scope.BUILD),
        ("tests/Dockerfile", Scope.RUNTIME, Scope.TEST),
        ("examples/a/pyproject.toml", Scope.TEST, Scope.EXAMPLE),
        ("docs/requirements.txt", Scope.RUNTIME, Scope.DEV),
        (".github/requirements.txt", Scope.RUNTIME, Scope.CI),
        (".devcontainer/Dockerfile", Scope.RUNTIME, Scope.DEV),
        ("docs/examples/x.yaml", Scope.RUNTIME, Scope.EXAMPLE),
        ("playground/package.json", Scope.RUNTIME, Scope.EXAMPLE),
        ("src/__tests__/package.json", Scope.RUNTIME, Scope.TEST),
        ("test_files/build.json", Scope.RUNTIME, Scope.TEST),
        ("tests", Scope.RUNTIME, Scope.RUNTIME),
    ],
)
def test_a_folder_can_only_weaken_a_scope(path: str, declared: Scope, scope: Scope) -> None:
    assert scope_of_path(path, declared) is scope


def test_the_weaker_of_two_scopes_is_the_later_in_order() -> None:
    assert weaker(Scope.RUNTIME, Scope.DEV) is Scope.DEV
    assert weaker(Scope.EXAMPLE, Scope.TEST) is Scope.EXAMPLE


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("test", Scope.TEST),
        ("unit-tests", Scope.TEST),
        ("Dev", Scope.DEV),
        ("docs", Scope.DEV),
        ("requirements-dev", Scope.DEV),
        ("dev_requirements", Scope.DEV),
        ("postgres", Scope.RUNTIME),
        ("contest", Scope.RUNTIME),
        ("latest", Scope.RUNTIME),
        ("build", Scope.BUILD),
        ("demo", Scope.EXAMPLE),
    ],
)
def test_a_group_is_judged_by_whole_words_of_its_name(name: str, scope: Scope) -> None:
    assert group_scope(name) is scope


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/fixtures/app/build.yaml", True),
        ("test_files/build.json", True),
        ("pkg/testdata/go.mod", True),
        ("web/__snapshots__/package.json", True),
        ("tests/Dockerfile", False),
        ("fixtures", False),
        ("examples/build.yaml", False),
    ],
)
def test_the_data_of_tests_are_known_by_their_folder(path: str, expected: bool) -> None:
    assert is_test_data(path) is expected
