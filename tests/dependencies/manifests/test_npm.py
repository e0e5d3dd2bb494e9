import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.npm import read_package_json
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers, references, rows

PACKAGE = """\
{
  "name": "@acme/app",
  "version": "2.0.0-beta.1",
  "repository": "acme/App",
  "packageManager": "pnpm@10.7.0+sha512.abc",
  "engines": { "node": ">=20" },
  "workspaces": ["./packages/*/", "!packages/old"],
  "prettier": "@acme/prettier-config",
  "eslintConfig": { "extends": ["acme", "./local", "eslint:recommended"] },
  "renovate": { "extends": ["config:recommended", "github>acme/renovate#1.2.3"] },
  "scripts": {
    "dlx": "npx cowsay@1.5 hi && pnpm dlx degit",
    "release": "vitest --run"
  },
  "dependencies": {
    "h3": "^1.15.1",
    "lodash.merge": "4.6.2",
    "@acme/ui": "workspace:*",
    "shared": "file:../../shared"
  },
  "optionalDependencies": { "fsevents": "~2.3" },
  "peerDependencies": { "react": ">=18" },
  "devDependencies": {
    "h3-v1": "npm:h3@^1",
    "typescript": "catalog:"
  },
  "bundledDependencies": ["h3"],
  "overrides": {
    "semver": "^7.5.2",
    "foo@^1": { ".": "1.0.1", "bar": "2.0.0" },
    "react": "$react"
  },
  "resolutions": { "**/glob/@types/node": "20.0.0" },
  "pnpm": { "overrides": { "a@1>b": "3.0.0" } }
}
"""


def test_every_section_has_its_names_kinds_scopes_and_lines() -> None:
    assert rows(read_package_json, "package.json", PACKAGE) == [
        ("h3", "^1.15.1", "range", "runtime", 16),
        ("lodash.merge", "4.6.2", "exact", "runtime", 17),
        ("@acme/ui", "workspace:*", "workspace", "runtime", 18),
        ("shared", "file:../../shared", "path", "runtime", 19),
        ("fsevents", "~2.3", "range", "runtime", 21),
        ("react", ">=18", "range", "runtime", 22),
        ("h3-v1", "^1", "range", "dev", 24),
        ("typescript", "catalog:#typescript", "catalog", "dev", 25),
        ("semver", "^7.5.2", "range", "dev", 29),
        ("foo", "1.0.1", "exact", "dev", 30),
        ("bar", "2.0.0", "exact", "dev", 30),
        ("@types/node", "20.0.0", "exact", "dev", 33),
        ("b", "3.0.0", "exact", "dev", 34),
        ("pnpm", "10.7.0", "exact", "dev", 5),
        ("github>acme/renovate", "1.2.3", "exact", "dev", 10),
        ("acme", "", "none", "dev", 9),
        ("@acme/prettier-config", "", "none", "dev", 8),
        ("cowsay", "1.5", "range", "dev", 12),
        ("degit", "", "none", "dev", 12),
    ]


def test_references_follow_aliases_short_names_and_neighbouring_folders() -> None:
    found = references(read_package_json, "package.json", PACKAGE)
    assert "npm h3" in found
    assert "npm eslint-config-acme" in found
    assert "repository ../../shared" in found


def test_scripts_are_less_sure_than_declarations() -> None:
    declared = facts(read_package_json, "package.json", PACKAGE).declarations
    assert {item.name for item in declared if item.confidence < 0.7} == {"cowsay", "degit"}


def test_a_package_offers_its_name_with_version_and_its_repository() -> None:
    assert offers(read_package_json, "package.json", PACKAGE) == [
        ("npm", "@acme/app", "2.0.0-beta.1", 2),
        ("repository", "github.com/acme/app", "", 4),
    ]
    found = facts(read_package_json, "package.json", PACKAGE)
    assert found.package == "@acme/app"
    assert found.members == ("packages/*", "!packages/old")
    assert found.problems == ()


def test_a_repository_may_be_an_object_with_a_url() -> None:
    text = '{"name": "a", "repository": {"type": "git", "url": "git+https://github.com/a/b.git"}}'
    assert ("repository", "github.com/a/b", "", 1) in offers(
        read_package_json, "package.json", text
    )


def test_the_place_of_the_file_weakens_the_scope() -> None:
    text = '{"dependencies": {"a": "1.0.0"}}'
    assert rows(read_package_json, "examples/x/package.json", text)[0][3] == "example"
    assert rows(read_package_json, "test/fixtures/package.json", text)[0][3] == "test"


def test_a_yarn_classic_workspace_lists_its_packages_in_an_object() -> None:
    text = '{"workspaces": {"packages": ["libs/*"], "nohoist": ["x"]}}'
    assert facts(read_package_json, "package.json", text).members == ("libs/*",)


def test_a_duplicate_key_is_a_problem_and_the_file_is_read_all_the_same() -> None:
    text = '{"dependencies": {"a": "1.0.0",\n "a": "2.0.0"}}'
    found = facts(read_package_json, "package.json", text)
    assert [(item.line, item.column) for item in found.problems] == [(2, 2)]
    assert [item.constraint for item in found.declarations] == ["2.0.0"]


def test_what_is_not_a_json_object_is_a_problem() -> None:
    for text in ("", "[]", "{", '{"a": <<<<<<< HEAD', "null"):
        found = facts(read_package_json, "package.json", text)
        assert len(found.problems) == 1
        assert found.declarations == ()


def test_values_of_the_wrong_type_are_passed_over() -> None:
    text = (
        '{"name": 3, "dependencies": ["a"], "devDependencies": {"x": {"y": 1}, "": "1",'
        '"../p": "1"},'
        '"scripts": [1], "workspaces": 5, "overrides": "x", "repository": [], "packageManager": {}}'
    )
    assert rows(read_package_json, "package.json", text) == [("x", "", "none", "dev", 1)]


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_package_json(ManifestFile("package.json", content))


KEYS = st.sampled_from(
    [
        "dependencies",
        "overrides",
        "pnpm",
        "workspaces",
        "scripts",
        "renovate",
        "extends",
        "name",
        "repository",
        "url",
        "eslintConfig",
        "prettier",
        "packageManager",
        "a@1>b",
    ]
)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=12,
    )
)
def test_no_shape_of_its_values_makes_it_raise(value: object) -> None:
    read_package_json(ManifestFile("package.json", json.dumps(value).encode()))


@pytest.mark.parametrize(("written", "private"), [("true", True), ("false", False), ('"x"', False)])
def test_a_package_that_is_not_published_is_offered_as_private(
    written: str, *, private: bool
) -> None:
    text = f'{{"name": "docs", "private": {written}}}'
    read = read_package_json(ManifestFile("package.json", text.encode()))
    assert [item.private for item in read.provisions] == [private]
