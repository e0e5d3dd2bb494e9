from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.catalog_entries import resolved
from gitops_auditor.dependencies.manifests.npm_specifiers import declaration
from gitops_auditor.dependencies.manifests.npm_workspaces import read_lerna, read_pnpm_workspace
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import Scope
from tests.dependencies.manifests.tables import facts, rows

WORKSPACE = """\
packages:
  - "playground"
  - ./packages/*
  - '!**/test/**'
catalog:
  vite: ^7.1.0
  old: 7
catalogs:
  react18:
    react: 18.3.1
    alias: npm:other@^2
configDependencies:
  my-config: 1.0.0+sha512-abc
"""


def test_a_pnpm_workspace_lists_its_members() -> None:
    found = facts(read_pnpm_workspace, "pnpm-workspace.yaml", WORKSPACE)
    assert found.members == ("playground", "packages/*", "!**/test/**")


def test_a_use_of_a_catalog_is_resolved_by_its_definition() -> None:
    definitions = dict(facts(read_pnpm_workspace, "pnpm-workspace.yaml", WORKSPACE).definitions)
    for name, written, constraint, kind, target in (
        ("vite", "catalog:", "^7.1.0", "range", "vite"),
        ("vite", "catalog:default", "^7.1.0", "range", "vite"),
        ("old", "catalog:", "7", "range", "old"),
        ("react", "catalog:react18", "18.3.1", "exact", "react"),
        ("alias", "catalog:react18", "^2", "range", "other"),
    ):
        use = declaration(name, written, scope=Scope.DEV, line=4)
        (found,) = resolved(use, definitions[use.constraint])
        assert (found.constraint, found.constraint_kind) == (constraint, kind)
        assert found.reference == ("npm", target)
        assert (found.name, found.line, found.scope) == (name, 4, "dev")


def test_config_dependencies_are_declared() -> None:
    assert rows(read_pnpm_workspace, "pnpm-workspace.yaml", WORKSPACE) == [
        ("my-config", "1.0.0", "exact", "dev", 13)
    ]


def test_lerna_lists_its_members() -> None:
    assert facts(read_lerna, "lerna.json", '{"packages": ["libs/*", 3]}').members == ("libs/*",)


def test_a_malformed_workspace_is_a_problem() -> None:
    assert facts(read_pnpm_workspace, "pnpm-workspace.yaml", "packages: [a\nb: c").problems
    assert facts(read_lerna, "lerna.json", "{").problems


@given(st.binary())
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_pnpm_workspace(ManifestFile("pnpm-workspace.yaml", content))
    read_lerna(ManifestFile("lerna.json", content))
