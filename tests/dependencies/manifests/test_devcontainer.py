from gitops_auditor.dependencies.manifests.devcontainer import read_devcontainer
from gitops_auditor.dependencies.manifests.home_assistant import read_build, read_config
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.stated import offers, references, rows

DEVCONTAINER = b"""\
{
  // the editor's container
  "name": "Acme",
  "image": "ghcr.io/acme/devcontainer:5-apps",
  "features": {
    "ghcr.io/devcontainers/features/go:1": {},
    "./local-feature": {},
    "docker-in-docker": "latest",
  },
}
"""

BUILD = b"""\
image: ghcr.io/acme/{arch}-hub
build_from:
  aarch64: ghcr.io/acme/aarch64-base:3.20
  amd64: ghcr.io/acme/amd64-base:3.20
args:
  VERSION: "1"
"""

CONFIG = b"""\
name: Hub
version: "1.3.1"
slug: hub
arch:
  - amd64
image: ghcr.io/acme/app-hub
"""


def test_image_and_registry_features_are_development_dependencies() -> None:
    facts = read_devcontainer(ManifestFile(".devcontainer/devcontainer.json", DEVCONTAINER))
    assert rows(facts) == [
        ("ghcr.io/acme/devcontainer", "5-apps", "exact", "dev", 4),
        ("ghcr.io/devcontainers/features/go", "1", "exact", "dev", 6),
    ]


def test_a_devcontainer_that_is_not_json_is_a_problem() -> None:
    facts = read_devcontainer(ManifestFile(".devcontainer.json", b'{"image": '))
    assert len(facts.problems) == 1


def test_every_architecture_has_its_base_image_and_the_result_keeps_the_placeholder() -> None:
    facts = read_build(ManifestFile("hub/build.yaml", BUILD))
    assert rows(facts) == [
        ("ghcr.io/acme/aarch64-base", "3.20", "exact", "runtime", 3),
        ("ghcr.io/acme/amd64-base", "3.20", "exact", "runtime", 4),
    ]
    assert offers(facts) == [("image", "ghcr.io/acme/{arch}-hub", "", 1)]


def test_one_base_image_for_all_is_read_too() -> None:
    facts = read_build(ManifestFile("build.yaml", b"build_from: ghcr.io/acme/base:1\n"))
    assert references(facts) == [("image", "ghcr.io/acme/base")]


def test_an_app_publishes_its_image_with_its_version_and_other_settings_files_do_not() -> None:
    assert offers(read_config(ManifestFile("hub/config.yaml", CONFIG))) == [
        ("image", "ghcr.io/acme/app-hub", "1.3.1", 6)
    ]
    other = b"slug: x\nimage: ghcr.io/acme/x\n"
    assert offers(read_config(ManifestFile("config.yaml", other))) == []
