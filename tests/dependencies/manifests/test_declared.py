import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.declared import READER, read_declared
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import DependencyType
from tests.dependencies.manifests.tables import facts, offers, references, rows

PATH = ".gitops/dependencies.yaml"
DECLARED = """\
version: 1
provides:
  apis:
    - payments
    - name: refunds
      version: 2
  data: ["postgres://db.acme.internal/orders"]
  config: [shared-eslint]
  images: [ghcr.io/acme/payments]
  packages:
    - {type: npm, name: "@acme/ui", version: 1.2.0}
consumes:
  - type: api
    name: ledger
    repository: GitHub.com/Acme/Ledger
    constraint: ">=2"
  - {type: data, name: "s3://acme-archive", scope: test}
  - {type: config, name: shared, constraint: v1.2.0}
  - {type: docker, name: ghcr.io/acme/base, constraint: stable}
  - {type: git, name: github.com/acme/tools, constraint: 0123456789012345678901234567890123456789}
  - {type: python, name: acme, constraint: 2}
"""


def test_everything_a_repository_consumes_has_its_line_scope_and_kind() -> None:
    assert rows(read_declared, PATH, DECLARED) == [
        ("ledger", ">=2", "range", "runtime", 13),
        ("s3://acme-archive", "", "none", "test", 17),
        ("shared", "v1.2.0", "exact", "runtime", 18),
        ("ghcr.io/acme/base", "stable", "tag", "runtime", 19),
        (
            "github.com/acme/tools",
            "0123456789012345678901234567890123456789",
            "commit",
            "runtime",
            20,
        ),
        ("acme", "2", "exact", "runtime", 21),
    ]
    assert references(read_declared, PATH, DECLARED) == [
        "repository github.com/acme/ledger",
        "data s3://acme-archive",
        "config shared",
        "image ghcr.io/acme/base",
        "repository github.com/acme/tools",
        "pypi acme",
    ]
    found = facts(read_declared, PATH, DECLARED)
    assert {item.confidence for item in found.declarations} == {1.0}
    assert found.problems == ()


def test_everything_a_repository_provides_is_offered() -> None:
    assert offers(read_declared, PATH, DECLARED) == [
        ("api", "payments", "", 4),
        ("api", "refunds", "2", 5),
        ("data", "postgres://db.acme.internal/orders", "", 7),
        ("config", "shared-eslint", "", 8),
        ("image", "ghcr.io/acme/payments", "", 9),
        ("npm", "@acme/ui", "1.2.0", 11),
    ]


@pytest.mark.parametrize("kind", list(DependencyType))
def test_every_type_of_dependency_can_be_declared(kind: DependencyType) -> None:
    text = f"version: 1\nconsumes:\n  - {{type: {kind.value}, name: x}}\n"
    assert [item.type for item in facts(read_declared, PATH, text).declarations] == [kind]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("version: 2\n", 1, 1, "version"),
        ("provides: {}\n", 1, 1, "version"),
        ("version: 1\nextra: 1\n", 2, 1, "extra"),
        ("version: 1\nprovides:\n  things: []\n", 3, 3, "things"),
        ("version: 1\nprovides:\n  apis: payments\n", 3, 3, "list"),
        ("version: 1\nprovides:\n  apis: [{version: 1}]\n", 3, 10, "name"),
        ("version: 1\nconsumes:\n  - {type: api}\n", 3, 5, "name"),
        ("version: 1\nconsumes:\n  - {type: soap, name: a}\n", 3, 6, "type"),
        ("version: 1\nconsumes:\n  - {type: api, name: a, scope: prod}\n", 3, 26, "scope"),
        ("version: 1\nconsumes:\n  - {type: api, name: a, versoin: 1}\n", 3, 26, "versoin"),
        ("- a\n", 1, 1, "mapping"),
        ("", 1, 1, "empty"),
    ],
)
def test_what_is_wrong_is_reported_with_line_and_column(
    text: str, line: int, column: int, words: str
) -> None:
    (problem,) = facts(read_declared, PATH, text).problems
    assert (problem.line, problem.column) == (line, column)
    assert words in problem.message


def test_the_entries_around_a_wrong_one_count() -> None:
    text = (
        "version: 1\nconsumes:\n  - {type: api, name: a}\n"
        "  - {type: soap, name: b}\n  - {type: api, name: c}\n"
    )
    found = facts(read_declared, PATH, text)
    assert [item.name for item in found.declarations] == ["a", "c"]


def test_a_duplicate_key_is_reported_and_the_document_is_read() -> None:
    found = facts(read_declared, PATH, "version: 1\nversion: 1\nprovides: {apis: [a]}\n")
    assert [problem.line for problem in found.problems] == [2]
    assert len(found.provisions) == 1


def test_only_the_file_in_the_gitops_folder_is_claimed() -> None:
    assert READER.claims is not None
    assert READER.claims(".gitops/dependencies.yaml")
    assert not READER.claims("chart/dependencies.yaml")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_declared(ManifestFile(PATH, content))


@given(
    st.sampled_from(["provides", "consumes", "version"]),
    st.sampled_from(
        ["1", "[1, {}]", "{apis: 1}", "[{type: [], name: {}}]", "{packages: [1, {type: npm}]}"]
    ),
)
def test_values_of_the_wrong_type_never_raise(key: str, value: str) -> None:
    read_declared(ManifestFile(PATH, f"version: 1\n{key}: {value}\n".encode()))
