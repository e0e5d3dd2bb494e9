from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.github_actions import (
    READERS,
    read_action,
    read_workflow,
)
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from tests.dependencies.manifests.tables import facts, references, rows

DIGEST = "sha256:" + "0123456789abcdef" * 4
WORKFLOW = f"""\
name: ci
on: [push]
jobs:
  call:
    uses: Acme/workflows/.github/workflows/build.yml@v1.2.3
  local:
    uses: ./.github/workflows/local.yml
  test:
    runs-on: ubuntu-latest
    container: ghcr.io/acme/base:3.12
    services:
      db:
        image: postgres:16
      cache: {{image: "redis@{DIGEST}"}}
    steps:
      - uses: actions/checkout@v4
      - name: pinned
        uses: acme/tools/setup/node@0123456789abcdef0123456789abcdef01234567 # v2.1.0
      - uses: ./.github/actions/x
      - uses: docker://alpine:3.20
      - uses: ${{{{ matrix.action }}}}@v1
      - uses: actions/cache@${{{{ env.REF }}}}
      - run: |
          echo "uses: nobody/nothing@v1"
"""
PATH = ".github/workflows/ci.yml"


def test_a_workflow_uses_actions_workflows_and_images() -> None:
    assert rows(read_workflow, PATH, WORKFLOW) == [
        ("Acme/workflows", "v1.2.3", "exact", "ci", 5),
        ("actions/checkout", "v4", "tag", "ci", 16),
        ("acme/tools", "0123456789abcdef0123456789abcdef01234567", "commit", "ci", 18),
        ("alpine", "3.20", "exact", "ci", 20),
        ("actions/cache", "${{ env.REF }}", "dynamic", "ci", 22),
        ("ghcr.io/acme/base", "3.12", "exact", "ci", 10),
        ("postgres", "16", "exact", "ci", 13),
        ("redis", DIGEST, "commit", "ci", 14),
    ]


def test_what_is_used_refers_to_its_repository() -> None:
    found = references(read_workflow, PATH, WORKFLOW)
    assert found[:3] == [
        "repository acme/workflows",
        "repository actions/checkout",
        "repository acme/tools",
    ]
    assert found[5] == "image ghcr.io/acme/base"


def test_an_action_needs_what_its_steps_use_at_run_time() -> None:
    text = "runs:\n  using: composite\n  steps:\n    - uses: acme/setup@v2\n    - run: make\n"
    assert rows(read_action, "action.yml", text) == [("acme/setup", "v2", "tag", "runtime", 4)]
    assert rows(read_action, ".github/actions/x/action.yml", text)[0][3] == "ci"


def test_an_action_may_run_a_published_image() -> None:
    text = "runs:\n  using: docker\n  image: docker://ghcr.io/acme/lint:1.0\n"
    assert rows(read_action, "action.yml", text) == [
        ("ghcr.io/acme/lint", "1.0", "exact", "runtime", 3)
    ]
    assert rows(read_action, "action.yml", "runs: {using: docker, image: Dockerfile}") == []


def test_a_malformed_workflow_is_a_problem() -> None:
    (problem,) = facts(read_workflow, PATH, "jobs:\n  a: [uses\n").problems
    assert problem.line > 0


def test_jobs_of_the_wrong_shape_are_passed_over() -> None:
    text = (
        "jobs:\n  a: 1\n  b: {steps: {uses: x}, container: [], services: [image]}\n  c: {uses: 5}\n"
    )
    assert rows(read_workflow, PATH, text) == []


def test_workflows_are_claimed_in_their_folder_only() -> None:
    claims = READERS[0].claims
    assert claims is not None
    assert claims(".github/workflows/ci.yml")
    assert not claims("workflows/ci.yml")


@given(st.binary() | st.text(alphabet="uses: jobstep-\n{}[]&*@/").map(str.encode))
def test_no_bytes_make_it_raise(content: bytes) -> None:
    read_workflow(ManifestFile(PATH, b"jobs: {a: {uses: a/b}}\n" + content))
    read_action(ManifestFile("action.yml", content))
