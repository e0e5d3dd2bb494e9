import pytest

from gitops_auditor.dependencies.manifests.compose import READER, read_compose
from gitops_auditor.dependencies.manifests.env_images import read_env
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.stated import offers, references, rows

COMPOSE = b"""\
services:
  db:
    image: postgres:${PG:-17}
  cache:
    image: "ghcr.io/valkey-io/valkey:9.0"
  hub:
    image: acme/hub:1.0
    build: .
    environment:
      NOTEBOOK_IMAGE: quay.io/jupyter/base-notebook:latest
      NAME: hub
  api:
    build:
      context: ../../api
      additional_contexts:
        base: docker-image://alpine:3.22
        local: ./base
  store:
    build:
      context: ./store
      args:
        BASE_IMAGE: clickhouse/server:25.8
        VERSION: "1"
  web:
    build: https://github.com/acme/web.git#v2:docker
  local:
    build: ./local
    image: local:dev
  unknown:
    image: ${IMAGE}
  tagged:
    image: acme/tagged:${TAG}
"""


def test_services_name_images_and_builds_take_from_elsewhere() -> None:
    facts = read_compose(ManifestFile("deploy/docker-compose.yml", COMPOSE))
    assert rows(facts) == [
        ("postgres", "17", "exact", "runtime", 3),
        ("ghcr.io/valkey-io/valkey", "9.0", "exact", "runtime", 5),
        ("quay.io/jupyter/base-notebook", "latest", "tag", "runtime", 10),
        ("../../api", "", "path", "build", 14),
        ("alpine", "3.22", "exact", "build", 16),
        ("clickhouse/server", "25.8", "exact", "runtime", 22),
        ("https://github.com/acme/web.git", "v2", "tag", "build", 25),
        ("acme/tagged", "${TAG}", "dynamic", "runtime", 32),
    ]


def test_an_image_that_only_an_environment_names_is_less_sure() -> None:
    found = read_compose(ManifestFile("deploy/compose.yaml", COMPOSE)).declarations
    sure = {entry.name: entry.confidence for entry in found}
    assert sure["quay.io/jupyter/base-notebook"] < 0.7 < sure["clickhouse/server"] < sure["alpine"]


def test_a_build_context_refers_to_a_repository() -> None:
    found = references(read_compose(ManifestFile("deploy/compose.yaml", COMPOSE)))
    assert ("repository", "../api") in found
    assert ("repository", "github.com/acme/web") in found


def test_a_service_with_build_and_image_offers_that_image() -> None:
    facts = read_compose(ManifestFile("compose.yaml", COMPOSE))
    assert offers(facts) == [("image", "docker.io/acme/hub", "1.0", 7)]


def test_a_compose_file_for_tests_is_needed_by_tests() -> None:
    text = b"services:\n  db:\n    image: redis:7\n"
    facts = read_compose(ManifestFile("docker-compose.test.yml", text))
    assert rows(facts) == [("redis", "7", "exact", "test", 3)]


@pytest.mark.parametrize("text", [b"services: [", b"services:\n\t- x"])
def test_bad_yaml_is_a_problem(text: bytes) -> None:
    assert len(read_compose(ManifestFile("compose.yaml", text)).problems) == 1


@pytest.mark.parametrize("text", [b"", b"a: 1\n", b"services: text\n", b"services:\n  a: b\n"])
def test_a_file_without_services_says_nothing(text: bytes) -> None:
    assert read_compose(ManifestFile("compose.yaml", text)) == ((), (), (), "", (), ())


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("docker-compose.yml", True),
        ("a/docker-compose.override.yaml", True),
        ("compose.yaml", True),
        ("dev.compose.yml", True),
        ("docker-stack.yml", True),
        ("decompose.yaml", False),
        ("values.yaml", False),
    ],
)
def test_compose_files_are_known_by_their_name(path: str, claimed: bool) -> None:
    assert READER.claims is not None
    assert READER.claims(path) is claimed


def test_images_in_an_env_file_are_found_with_their_variables() -> None:
    text = (
        b"# IMAGE=no/comment:1\nREGISTRY=ghcr.io/acme\nAPP_IMAGE=${REGISTRY}/app:2\n"
        b"export DB_IMAGE='postgres:18'\nLOGO_IMAGE=/static/logo.png\nIMAGE=plain\n"
    )
    facts = read_env(ManifestFile(".env", text))
    assert rows(facts) == [
        ("ghcr.io/acme/app", "2", "exact", "runtime", 3),
        ("postgres", "18", "exact", "runtime", 4),
    ]
    assert {entry.confidence for entry in facts.declarations} == {0.9}
