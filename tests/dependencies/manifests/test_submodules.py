from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.submodules import read_gitmodules
from tests.dependencies.manifests.tables import facts, references, rows

GITMODULES = """\
# comment
[submodule "third_party/my.lib v2"]
\tpath = third_party/my.lib v2
\turl = https://github.com/Acme/My.Lib.git ; note
\tbranch = main
[submodule "near \\"quoted\\""]
  path = "near"
  URL = ../near.git
  branch = .
[core]
  url = https://github.com/not/this
[submodule "tests/data"]
path = tests/data
url = git@github.com:acme/data.git
branch = v1.2.3
[submodule "empty"]
  path = empty
"""


def test_submodules_are_declared_on_the_line_of_their_url() -> None:
    assert rows(read_gitmodules, ".gitmodules", GITMODULES) == [
        ("https://github.com/Acme/My.Lib.git", "main", "tag", "runtime", 4),
        ("../near.git", "", "none", "runtime", 8),
        ("git@github.com:acme/data.git", "v1.2.3", "exact", "test", 14),
    ]


def test_a_relative_url_is_left_to_who_knows_the_origin() -> None:
    assert references(read_gitmodules, ".gitmodules", GITMODULES) == [
        "repository github.com/acme/my.lib",
        "repository ../near.git",
        "repository github.com/acme/data",
    ]


def test_the_path_of_each_submodule_is_defined_and_one_without_url_is_a_problem() -> None:
    found = facts(read_gitmodules, ".gitmodules", GITMODULES)
    assert found.definitions == (
        ("submodule:third_party/my.lib v2", "https://github.com/Acme/My.Lib.git"),
        ("submodule:near", "../near.git"),
        ("submodule:tests/data", "git@github.com:acme/data.git"),
    )
    assert [(problem.line, "empty" in problem.message) for problem in found.problems] == [
        (16, True)
    ]


def test_a_value_may_follow_its_section_on_one_line() -> None:
    assert rows(read_gitmodules, ".gitmodules", '[submodule "x"] url = https://g.io/a/b')[0][4] == 1


@given(st.binary() | st.text(alphabet='[submodule "x"]\nurlpath = .\\#').map(str.encode))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_gitmodules(ManifestFile(".gitmodules", content))
