from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.data_offers import (
    read_buckets,
    read_site,
    read_volumes,
)
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, offers, references, rows

TERRAFORM = """\
resource "aws_s3_bucket" "logs" {
  bucket = "acme-logs"
  tags   = local.tags
}

resource "google_storage_bucket" "models" {
  project = "p"
  name    = "acme-models"
  versioning {
    enabled = true
  }
}

resource "aws_s3_bucket" "computed" {
  bucket = "${var.prefix}-x"
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = "acme-other"
}
"""


def test_terraform_offers_the_buckets_it_creates_under_a_literal_name() -> None:
    assert offers(read_buckets, "main.tf", TERRAFORM) == [
        ("data", "s3://acme-logs", "", 2),
        ("data", "gs://acme-models", "", 8),
    ]


COMPOSE = """\
services: {}

volumes:
  private:
  shared:
    name: acme-shared
  taken:
    external: true
  renamed:
    external:
      name: acme-data
  local:
    external: false
  computed:
    name: ${PREFIX}-x
"""


def test_compose_offers_named_volumes_and_needs_external_ones() -> None:
    assert offers(read_volumes, "compose.yaml", COMPOSE) == [("data", "volume:acme-shared", "", 5)]
    assert rows(read_volumes, "compose.yaml", COMPOSE) == [
        ("volume:taken", "", "none", "runtime", 7),
        ("volume:acme-data", "", "none", "runtime", 9),
    ]
    assert references(read_volumes, "compose.yaml", COMPOSE)[0] == "data volume:taken"


def test_broken_compose_files_are_reported_with_their_line() -> None:
    found = facts(read_volumes, "compose.yaml", "a: 1\nvolumes: [\n")
    assert found.problems[0].line >= 2


def test_a_published_site_is_offered_by_its_host() -> None:
    assert offers(read_site, "CNAME", "Data.Acme.io\n") == [("data", "data.acme.io", "", 1)]
    assert offers(read_site, "CNAME", "two words.io") == []
    assert offers(read_site, "CNAME", "") == []


@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(content: bytes) -> None:
    read_buckets(ManifestFile("a.tf", content + b'\nresource "aws_s3_bucket" "x" {'))
    read_volumes(ManifestFile("compose.yaml", content + b"\nvolumes: {a: {external: {}}}"))
    read_site(ManifestFile("CNAME", content))


@given(st.sampled_from(["1", "[a]", "{a: [x]}", "{a: {name: [x]}}", "{a: {external: {name: 1}}}"]))
def test_volumes_of_the_wrong_type_never_raise(value: str) -> None:
    read_volumes(ManifestFile("compose.yaml", f"a: 1\nvolumes: {value}\n".encode()))
