import pytest

from gitops_auditor.dependencies.manifests.conda import READERS, read_environment, read_recipe
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.stated import references, rows

ENVIRONMENT = b"""\
name: lab
channels:
  - conda-forge
dependencies:
  - python=3.12
  - pip
  - jupyterhub-singleuser>=5,<6
  - numpy=2.1
  - scipy==1.15.0
  - zlib=1.3=h4ab18f5_1
  - conda-forge::R-base
  - pytorch >=2.5
  - pip:
      - Own_Lib @ git+https://github.com/acme/own-lib@main
      - -r requirements.txt
      - flask==3.0.0
"""

RECIPE = b"""\
{% set version = "1.0" %}
package:
  name: acme
requirements:
  build:
    - cmake
  host:
    - python {{ python }}
    - pip
    - hatchling >=1
  run:
    - tornado >=6  # fast
    - python
test:
  requires:
    - pytest
"""


def test_an_environment_and_its_pip_list_are_read() -> None:
    facts = read_environment(ManifestFile("environment.yml", ENVIRONMENT))
    assert rows(facts) == [
        ("jupyterhub-singleuser", ">=5,<6", "range", "runtime", 7),
        ("numpy", "=2.1", "range", "runtime", 8),
        ("scipy", "==1.15.0", "exact", "runtime", 9),
        ("zlib", "=1.3=h4ab18f5_1", "exact", "runtime", 10),
        ("R-base", "", "none", "runtime", 11),
        ("pytorch", ">=2.5", "range", "runtime", 12),
        ("Own_Lib", "main", "tag", "runtime", 14),
        ("flask", "==3.0.0", "exact", "runtime", 16),
    ]


def test_names_that_conda_forge_changes_are_looked_up_by_their_index_name() -> None:
    facts = read_environment(ManifestFile("environment.yml", ENVIRONMENT))
    found = references(facts)
    assert found[0] == ("pypi", "jupyterhub")
    assert found[5] == ("pypi", "torch")


def test_a_recipe_is_read_although_it_is_a_template() -> None:
    assert rows(read_recipe(ManifestFile("recipe/meta.yaml", RECIPE))) == [
        ("cmake", "", "none", "build", 6),
        ("hatchling", ">=1", "range", "build", 10),
        ("tornado", ">=6", "range", "runtime", 12),
    ]


def test_other_yaml_of_that_name_says_nothing_and_bad_yaml_is_a_problem() -> None:
    assert read_environment(ManifestFile("environment.yaml", b"a: 1\n")) == (
        (), (), (), "", (), (),
    )  # fmt: skip
    facts = read_environment(ManifestFile("environment.yml", b"dependencies:\n  - a: [\n"))
    assert len(facts.problems) == 1


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("environment.yml", True),
        (".binder/environment-dev.yaml", True),
        ("environment.py-3.12.yml", True),
        ("ci/conda-env.yml", True),
        ("values.yaml", False),
    ],
)
def test_environment_files_are_known_by_their_name(path: str, claimed: bool) -> None:
    assert READERS[0].claims is not None
    assert READERS[0].claims(path) is claimed
