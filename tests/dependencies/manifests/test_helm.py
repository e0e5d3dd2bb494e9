import pytest

from gitops_auditor.dependencies.manifests.helm import (
    READERS,
    read_chart,
    read_helmfile,
    read_requirements,
)
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.stated import offers, references, rows

CHART = b"""\
apiVersion: v2
name: hub
version: 1.2.0-dev
home: https://github.com/acme/hub
sources:
  - https://github.com/acme/upstream
dependencies:
  - name: redis
    version: ~19.0.0
    repository: https://charts.acme.org
    alias: cache
  - name: common
    version: "4.2.0"
    repository: oci://ghcr.io/acme/charts
  - name: any
    version: "*"
    repository: "@acme"
  - name: bundled
    version: 1.0.0
  - name: local
    repository: file://../local
  - name: sibling
    repository: file://../../sibling/chart
"""

HELMFILE = b"""\
repositories:
  - name: acme
    url: https://charts.acme.org
releases:
  - name: a
    chart: acme/redis
    version: 19.0.1
  - name: b
    chart: oci://ghcr.io/acme/charts/common
  - name: c
    chart: ./local
"""


def test_chart_dependencies_are_read_and_charts_in_folders_left_out() -> None:
    facts = read_chart(ManifestFile("charts/Chart.yaml", CHART))
    assert rows(facts) == [
        ("redis", "~19.0.0", "range", "runtime", 8),
        ("common", "4.2.0", "exact", "runtime", 12),
        ("any", "*", "none", "runtime", 15),
        ("sibling", "../../sibling/chart", "path", "runtime", 22),
    ]
    assert references(facts)[-1] == ("repository", "../sibling/chart")


def test_a_chart_is_offered_with_its_version_and_sources() -> None:
    facts = read_chart(ManifestFile("Chart.yaml", CHART))
    assert offers(facts) == [
        ("chart", "hub", "1.2.0-dev", 2),
        ("repository", "github.com/acme/hub", "", 4),
        ("repository", "github.com/acme/upstream", "", 6),
    ]
    assert facts.package == "hub"


def test_the_older_requirements_file_is_read_and_one_of_ansible_says_nothing() -> None:
    text = b"dependencies:\n- name: redis\n  version: 1.x\n  repository: https://x.org\n"
    assert rows(read_requirements(ManifestFile("requirements.yaml", text))) == [
        ("redis", "1.x", "range", "runtime", 2)
    ]
    galaxy = b"collections:\n  - name: community.general\n"
    assert read_requirements(ManifestFile("requirements.yml", galaxy)).declarations == ()


def test_helmfile_releases_name_charts() -> None:
    facts = read_helmfile(ManifestFile("helmfile.yaml", HELMFILE))
    assert rows(facts) == [
        ("acme/redis", "19.0.1", "exact", "runtime", 6),
        ("oci://ghcr.io/acme/charts/common", "", "none", "runtime", 9),
    ]
    assert references(facts) == [("chart", "redis"), ("chart", "oci://ghcr.io/acme/charts/common")]


@pytest.mark.parametrize("read", [read_chart, read_requirements, read_helmfile])
def test_bad_yaml_is_a_problem(read: object) -> None:
    assert callable(read)
    facts = read(ManifestFile("helmfile.yaml", b"releases: [\n"))
    assert len(facts.problems) == 1


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("helmfile.yaml", True),
        ("helmfile.d/10-apps.yaml", True),
        ("bootstrap/helmfile/apps.yaml", True),
        ("helmfile.yaml.gotmpl", True),
        ("values.yaml", False),
    ],
)
def test_helmfiles_are_known_by_name_or_folder(path: str, claimed: bool) -> None:
    assert READERS[2].claims is not None
    assert READERS[2].claims(path) is claimed
