import pytest

from gitops_auditor.dependencies.manifests.python_names import python_requirement
from gitops_auditor.dependencies.manifests.python_requirements import READER, read_requirements
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import Scope
from tests.dependencies.manifests.stated import references, rows

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(text: str, path: str = "requirements.txt") -> list[tuple[str, str, str, str, int]]:
    return rows(read_requirements(ManifestFile(path, text.encode())))


@pytest.mark.parametrize(
    ("line", "name", "constraint", "kind"),
    [
        ("tornado", "tornado", "", "none"),
        ("SQLAlchemy>=1.4.1", "SQLAlchemy", ">=1.4.1", "range"),
        ("jupyterhub == 5.*", "jupyterhub", "== 5.*", "range"),
        ("idna==3.10", "idna", "==3.10", "exact"),
        ("idna===3.10", "idna", "===3.10", "exact"),
        ("a~=1.4", "a", "~=1.4", "range"),
        ("a>=1,<2 ; python_version < '3.12'", "a", ">=1,<2", "range"),
        ("a[x,y]>=1 # why", "a", ">=1", "range"),
        ("a (>=1,<2)", "a", ">=1,<2", "range"),
        ("a==1.0 --hash=sha256:00 --hash=sha256:11", "a", "==1.0", "exact"),
        ("a==2012b-odd_", "a", "==2012b-odd_", "exact"),
        ("a @ https://x.org/a-1.0.whl", "a", "https://x.org/a-1.0.whl", "url"),
        ("a @ git+https://github.com/O/A@v1.0", "a", "v1.0", "tag"),
        (f"a @ git+https://github.com/o/a@{COMMIT}", "a", COMMIT, "commit"),
        ("-e git+https://github.com/o/a.git@main#egg=a", "a", "main", "tag"),
        ("--editable=git+ssh://git@github.com/o/a#egg=a", "a", "", "none"),
        ("https://github.com/o/a/archive/v2.tar.gz#egg=a", "a", "v2", "tag"),
    ],
)
def test_a_requirement_line_is_read(line: str, name: str, constraint: str, kind: str) -> None:
    assert read(f"{line}\n") == [(name, constraint, kind, "runtime", 1)]


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("Jupyter_Events", ("pypi", "jupyter-events")),
        ("ruamel.yaml", ("pypi", "ruamel-yaml")),
        ("git+https://github.com/JupyterHub/kubespawner.git",
         ("repository", "github.com/jupyterhub/kubespawner")),
        ("-e git+ssh://git@github.com/o/a.git@x#egg=a", ("repository", "github.com/o/a")),
        ("git+git@gitlab.com:o/sub/a.git@1", ("repository", "gitlab.com/o/sub/a")),
        ("-e ../../sibling", ("repository", "../../sibling")),
    ],
)  # fmt: skip
def test_a_requirement_refers_to_the_index_or_to_a_repository(
    line: str, reference: tuple[str, str]
) -> None:
    facts = read_requirements(ManifestFile("requirements.txt", line.encode()))
    assert references(facts) == [reference]


@pytest.mark.parametrize(
    "line",
    ["-r base.txt", "-c constraints.txt", "--index-url https://x.org/simple", "-e .", "-e .[dev]",
     ".", "./local", "/abs/path", "a.whl", "file:///x", "# comment", "", "  "],
)  # fmt: skip
def test_options_and_local_paths_are_no_requirements(line: str) -> None:
    facts = read_requirements(ManifestFile("requirements.txt", line.encode()))
    assert facts == ((), (), (), "", (), ())


def test_continued_lines_carry_the_line_they_begin_on() -> None:
    text = "# head\na==1 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\nb\\\n>=2\n"
    assert read(text) == [("a", "==1", "exact", "runtime", 2), ("b", ">=2", "range", "runtime", 5)]


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("requirements.txt", "runtime"),
        ("requirements-dev.txt", "dev"),
        ("dev-requirements.txt", "dev"),
        ("requirements/test.txt", "test"),
        ("docs/requirements.in", "dev"),
        ("examples/x/requirements.txt", "example"),
        ("requirements-hub-env.txt", "runtime"),
    ],
)
def test_the_file_says_when_its_requirements_are_needed(path: str, scope: str) -> None:
    assert read("a\n", path) == [("a", "", "none", scope, 1)]


def test_a_constraints_file_has_less_confidence() -> None:
    facts = read_requirements(ManifestFile("constraints.txt", b"a==1\n"))
    assert [entry.confidence for entry in facts.declarations] == [0.8]


def test_a_line_that_is_no_requirement_is_a_problem_and_the_rest_is_read() -> None:
    facts = read_requirements(ManifestFile("requirements.txt", b"a b c d!\ngood\n"))
    assert rows(facts) == [("good", "", "none", "runtime", 2)]
    assert [(p.line, p.message) for p in facts.problems] == [(1, "Not a requirement: a b c d!")]


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("requirements.txt", True),
        ("a/requirements3.txt", True),
        ("requirements-hub-env.txt", True),
        ("images/hub/unfrozen/requirements.in", True),
        ("requirements/base.in", True),
        ("ci/requirements.old", True),
        ("requirements-dev.lock", True),
        ("uv.lock", False),
        ("package_constraints.txt", True),
        ("requirements_test_all.txt", True),
        ("docs/robots.txt", False),
        ("MANIFEST.in", False),
        ("CMakeLists.txt", False),
        ("requirements.md", False),
    ],
)
def test_odd_names_are_claimed_and_other_texts_are_not(path: str, claimed: bool) -> None:
    assert READER.claims is not None
    assert READER.claims(path) is claimed


@pytest.mark.parametrize(
    "text",
    ["a", "a==1.2.3", "a>=1,<2", "a ~= 1.4", "a[x, y]>=1", "a!=1.5", "a == 1.0", "a>=1 ,<2"],
)
def test_a_plain_requirement_is_read_as_one_with_a_marker_is(text: str) -> None:
    plain = python_requirement(text, line=1, scope=Scope.RUNTIME)
    marked = python_requirement(f"{text}; python_version > '3'", line=1, scope=Scope.RUNTIME)
    assert plain == marked
