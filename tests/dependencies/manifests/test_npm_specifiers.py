import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.npm_specifiers import (
    declaration,
    is_package_name,
    specifier,
    split_version,
)
from gitops_auditor.dependencies.models import Scope


@pytest.mark.parametrize(
    ("written", "constraint", "kind"),
    [
        ("^1.2.3", "^1.2.3", "range"),
        (">= 1.2.3 < 2", ">= 1.2.3 < 2", "range"),
        ("1 || 2.x", "1 || 2.x", "range"),
        ("1.0.0 - 2.0.0", "1.0.0 - 2.0.0", "range"),
        ("^2.0.0-rc.5", "^2.0.0-rc.5", "range"),
        ("~3", "~3", "range"),
        ("*", "*", "range"),
        ("1.2.3", "1.2.3", "exact"),
        ("v1.2.3", "v1.2.3", "exact"),
        ("=1.2.3-beta.1+build", "=1.2.3-beta.1+build", "exact"),
        ("latest", "latest", "tag"),
        ("", "", "none"),
        ("workspace:*", "workspace:*", "workspace"),
        ("workspace:^1.0.0", "workspace:^1.0.0", "workspace"),
        ("catalog:", "catalog:#pkg", "catalog"),
        ("catalog:default", "catalog:#pkg", "catalog"),
        ("catalog:react18", "catalog:react18#pkg", "catalog"),
        ("link:../x", "link:../x", "path"),
        ("file:./local.tgz", "file:./local.tgz", "path"),
        ("../neighbour", "../neighbour", "path"),
        ("https://acme.io/x.tgz", "https://acme.io/x.tgz", "url"),
        ("patch:x@npm%3A1.0.0#y", "patch:x@npm%3A1.0.0#y", "url"),
        ("npm:^1.0.0", "^1.0.0", "range"),
        ("$VERSION", "$VERSION", "dynamic"),
    ],
)
def test_a_specifier_has_one_kind(written: str, constraint: str, kind: str) -> None:
    found = specifier("pkg", written)
    assert (found.constraint, found.kind, found.repository) == (constraint, kind, "")


@pytest.mark.parametrize(
    ("written", "constraint", "kind", "repository"),
    [
        ("github:acme/api", "", "none", "github.com/acme/api"),
        ("acme/api#v1.2.3", "v1.2.3", "exact", "github.com/acme/api"),
        ("acme/api#main", "main", "tag", "github.com/acme/api"),
        ("git+https://gitlab.com/a/b.git#semver:^2", "^2", "range", "gitlab.com/a/b"),
        ("git@github.com:acme/api.git#0123abc", "0123abc", "commit", "github.com/acme/api"),
    ],
)
def test_a_specifier_may_point_at_git(
    written: str, constraint: str, kind: str, repository: str
) -> None:
    found = specifier("pkg", written)
    assert (found.constraint, found.kind, found.repository) == (constraint, kind, repository)


def test_an_alias_refers_to_the_other_package_under_its_own_name() -> None:
    found = declaration("old", "npm:@acme/new@^1.15.1", scope=Scope.DEV, line=3)
    assert found.name == "old"
    assert found.reference == ("npm", "@acme/new")
    assert (found.constraint, found.constraint_kind) == ("^1.15.1", "range")


def test_a_package_from_git_is_of_type_git() -> None:
    found = declaration("api", "github:acme/api#v2", scope=Scope.RUNTIME, line=1)
    assert (found.type, found.reference) == ("git", ("repository", "github.com/acme/api"))


@pytest.mark.parametrize(
    ("package", "parts"),
    [
        ("a@1", ("a", "1")),
        ("@s/a@^1", ("@s/a", "^1")),
        ("@s/a", ("@s/a", "")),
        ("a.b", ("a.b", "")),
    ],
)
def test_the_version_stands_behind_the_last_part(package: str, parts: tuple[str, str]) -> None:
    assert split_version(package) == parts


@pytest.mark.parametrize("name", ["./a", "a/b/c", "-x", "$a", "", "a b", "@s/", "http://x"])
def test_paths_and_options_are_no_package_names(name: str) -> None:
    assert not is_package_name(name)


def test_a_long_hopeless_range_is_judged_in_a_moment() -> None:
    started = time.process_time()
    assert specifier("pkg", "1  " * 20_000 + "!").kind == "dynamic"
    assert time.process_time() - started < 2


@given(st.text())
def test_any_text_beside_a_package_is_taken(written: str) -> None:
    assert declaration("pkg", written, scope=Scope.DEV, line=1).name == "pkg"
