from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.pipelines import READER, read_pipeline
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, references, rows

GITLAB = """\
include:
  - local: /ci/x.yml
  - template: Auto-DevOps.gitlab-ci.yml
  - project: Group/sub/templates
    ref: v3.1.0
    file: [a.yml, b.yml]
  - remote: https://gitlab.com/group/other/-/raw/main/ci.yml
  - https://raw.githubusercontent.com/acme/ci/v1/x.yml
  - component: $CI_SERVER_FQDN/group/components/lint@1.0.0
image: python:3.12
.base: &base
  services:
    - postgres:16
    - name: redis:7
      alias: cache
test:
  <<: *base
  image:
    name: ghcr.io/acme/test:1.0
  script:
    - !reference [.setup, script]
"""

CIRCLE = """\
version: 2.1
jobs:
  build:
    docker:
      - image: cimg/node:22.1
    steps: [checkout]
"""


def test_a_gitlab_pipeline_includes_others_and_runs_in_images() -> None:
    assert rows(read_pipeline, ".gitlab-ci.yml", GITLAB) == [
        ("Group/sub/templates", "v3.1.0", "exact", "ci", 4),
        ("https://gitlab.com/group/other/-/raw/main/ci.yml", "", "none", "ci", 7),
        ("https://raw.githubusercontent.com/acme/ci/v1/x.yml", "", "none", "ci", 8),
        ("$CI_SERVER_FQDN/group/components/lint", "1.0.0", "exact", "ci", 9),
        ("python", "3.12", "exact", "ci", 10),
        ("postgres", "16", "exact", "ci", 13),
        ("redis", "7", "exact", "ci", 14),
        ("ghcr.io/acme/test", "1.0", "exact", "ci", 19),
        ("postgres", "16", "exact", "ci", 13),
        ("redis", "7", "exact", "ci", 14),
    ]


def test_an_included_pipeline_refers_to_its_repository() -> None:
    assert references(read_pipeline, ".gitlab-ci.yml", GITLAB)[:4] == [
        "repository group/sub/templates",
        "repository gitlab.com/group/other",
        "repository github.com/acme/ci",
        "repository group/components",
    ]


def test_images_of_other_ci_systems_are_found_by_their_key() -> None:
    assert rows(read_pipeline, ".circleci/config.yml", CIRCLE) == [
        ("cimg/node", "22.1", "exact", "ci", 5)
    ]
    text = "steps:\n  - name: test\n    image: golang:1.22\n"
    assert rows(read_pipeline, ".woodpecker/test.yml", text)[0][0] == "golang"


def test_only_files_of_ci_systems_are_claimed() -> None:
    assert READER.claims is not None
    assert READER.claims(".circleci/config.yml")
    assert READER.claims(".gitlab/ci/build.yml")
    assert not READER.claims(".circleci/other.yml")
    assert not READER.claims("deploy/values.yml")


def test_a_malformed_pipeline_is_a_problem() -> None:
    assert facts(read_pipeline, ".gitlab-ci.yml", "image: [x").problems


@given(st.binary() | st.text(alphabet="include: mgsrv-\n{}[]&*@/").map(str.encode))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_pipeline(ManifestFile(".gitlab-ci.yml", content))
