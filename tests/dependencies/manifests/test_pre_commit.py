from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.pre_commit import read_pre_commit
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, references, rows

CONFIG = """\
ci:
  autoupdate_schedule: monthly
repos:
  - repo: https://github.com/Acme/chartpress
    rev: 2.4.0
    hooks:
      - id: chartpress
        additional_dependencies: ["types-PyYAML==6.0.1", ruff, "eslint@9.1.0", "@acme/lint@^1"]
  - rev: v1.10
    repo: git@github.com:psf/black.git
    hooks: [{id: black}]
  - repo: local
    hooks:
      - id: own
        language: node
        additional_dependencies: [prettier]
      - id: shell
        language: golang
        additional_dependencies: [mvdan.cc/sh]
  - repo: meta
    hooks: [{id: identity}]
  - repo: https://github.com/psf/isort
    rev: 0123456789abcdef0123456789abcdef01234567
"""
PATH = ".pre-commit-config.yaml"


def test_hook_repositories_and_additional_dependencies_are_declared() -> None:
    assert rows(read_pre_commit, PATH, CONFIG) == [
        ("https://github.com/Acme/chartpress", "2.4.0", "exact", "dev", 4),
        ("types-PyYAML", "==6.0.1", "exact", "dev", 8),
        ("ruff", "", "none", "dev", 8),
        ("eslint", "9.1.0", "exact", "dev", 8),
        ("@acme/lint", "^1", "range", "dev", 8),
        ("git@github.com:psf/black.git", "v1.10", "tag", "dev", 10),
        ("prettier", "", "none", "dev", 16),
        (
            "https://github.com/psf/isort",
            "0123456789abcdef0123456789abcdef01234567",
            "commit",
            "dev",
            22,
        ),
    ]


def test_each_refers_to_where_it_comes_from() -> None:
    assert references(read_pre_commit, PATH, CONFIG) == [
        "repository github.com/acme/chartpress",
        "pypi types-PyYAML",
        "pypi ruff",
        "npm eslint",
        "npm @acme/lint",
        "repository github.com/psf/black",
        "npm prettier",
        "repository github.com/psf/isort",
    ]


def test_the_oldest_form_is_a_list_at_the_top() -> None:
    text = "- repo: https://github.com/a/b\n  rev: v1.0.0\n  hooks: []\n"
    assert rows(read_pre_commit, PATH, text)[0][:2] == ("https://github.com/a/b", "v1.0.0")


def test_a_malformed_configuration_is_a_problem() -> None:
    assert facts(read_pre_commit, PATH, "repos: [").problems


@given(st.binary() | st.text(alphabet="repos: hkvd-\n{}[]&*@/'\"").map(str.encode))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_pre_commit(ManifestFile(PATH, content))
    read_pre_commit(ManifestFile(PATH, b"repos:\n- repo: x\n  hooks:\n  - " + content))
