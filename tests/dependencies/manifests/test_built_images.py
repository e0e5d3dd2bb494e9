from gitops_auditor.dependencies.manifests.bake import read_bake
from gitops_auditor.dependencies.manifests.chartpress import read_chartpress
from gitops_auditor.dependencies.manifests.makefile_images import read_makefile
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.manifests.workflow_images import READER, read_workflow
from tests.dependencies.manifests.stated import offers, rows

WORKFLOW = b"""\
env:
  REGISTRY: quay.io
  IMAGE_NAME: acme/hub
jobs:
  build:
    steps:
      - uses: actions/checkout@v4
        with:
          image: ghcr.io/acme/not-built
      - name: meta
        uses: docker/metadata-action@v5
        with:
          images: |
            ghcr.io/${{ github.repository_owner }}/hub
            name=${{ env.REGISTRY }}/${{ env.IMAGE_NAME }},enable=true
      - uses: docker/build-push-action@v6
        with:
          push: true
          tags: ghcr.io/acme/web:1.0,ghcr.io/acme/api:latest
          labels: ghcr.io/acme/label
      - uses: other/action@v1
        with:
          tags: ghcr.io/acme/other
      - run: |
          docker build \\
            --tag ${{ env.REGISTRY }}/acme/cli:dev \\
            .
          docker push "quay.io/acme/cli:dev"
          docker build -t local-test .
  base:
    uses: ./.github/workflows/base.yml
    with:
      image-name: base
      image-tags: latest
"""

MAKEFILE = b"""\
REGISTRY ?= ghcr.io/acme
IMG := $(REGISTRY)/controller:latest

docker-build:
\tdocker build -t $(IMG) .
\tdocker push ${REGISTRY}/tool:$(VERSION)
\tdocker buildx build --push --tag=$(REGISTRY)/multi .
\tdocker build -t $(UNKNOWN)/x .
"""

BAKE = b"""\
variable "TAG" {
  default = "1.2"
}
target "hub" {
  tags = ["ghcr.io/acme/hub:${TAG}", "ghcr.io/acme/hub:latest"]
  contexts = {
    base = "docker-image://alpine:3.22"
  }
}
"""

CHARTPRESS = b"""\
charts:
  - name: hub
    imagePrefix: quay.io/acme/k8s-
    images:
      hub:
        valuesPath: hub.image
      other:
        imageName: ghcr.io/acme/other
"""


def test_a_workflow_offers_what_its_building_steps_and_commands_name() -> None:
    assert offers(read_workflow(ManifestFile(".github/workflows/ci.yml", WORKFLOW))) == [
        ("image", "ghcr.io/{owner}/base", "", 33),
        ("image", "ghcr.io/{owner}/{arch}-base", "", 33),
        ("image", "ghcr.io/{owner}/hub", "", 14),
        ("image", "quay.io/acme/hub", "", 15),
        ("image", "ghcr.io/acme/web", "1.0", 19),
        ("image", "ghcr.io/acme/api", "latest", 19),
        ("image", "quay.io/acme/cli", "dev", 26),
    ]


def test_only_workflows_and_actions_of_github_are_claimed() -> None:
    assert READER.claims is not None
    assert READER.claims(".github/workflows/ci.yml")
    assert not READER.claims(".github/dependabot.yml")
    assert not READER.claims("deploy/app.yaml")


def test_a_makefile_offers_what_its_recipes_build_with_variables_put_in() -> None:
    assert offers(read_makefile(ManifestFile("Makefile", MAKEFILE))) == [
        ("image", "ghcr.io/acme/controller", "latest", 5),
        ("image", "ghcr.io/acme/tool", "", 6),
        ("image", "ghcr.io/acme/multi", "", 7),
    ]


def test_a_bake_file_offers_its_tags_and_needs_its_contexts() -> None:
    facts = read_bake(ManifestFile("docker-bake.hcl", BAKE))
    assert offers(facts) == [("image", "ghcr.io/acme/hub", "1.2", 5)]
    assert rows(facts) == [("alpine", "3.22", "exact", "build", 7)]


def test_a_bake_file_in_json_is_read_alike() -> None:
    text = (
        b'{"variable": {"T": {"default": "2"}},\n "target": {"a": {"tags": ["o/a:${T}"],'
        b'\n  "contexts": {"b": "docker-image://busybox"}}}}'
    )
    facts = read_bake(ManifestFile("docker-bake.json", text))
    assert rows(facts) == [("busybox", "", "none", "build", 3)]
    assert [offer[1] for offer in offers(facts)] == ["docker.io/o/a"]


def test_chartpress_offers_prefixed_images_and_its_charts() -> None:
    assert offers(read_chartpress(ManifestFile("chartpress.yaml", CHARTPRESS))) == [
        ("chart", "hub", "", 2),
        ("image", "quay.io/acme/k8s-hub", "", 5),
        ("image", "ghcr.io/acme/other", "", 7),
    ]


def test_an_image_name_may_come_from_the_environment() -> None:
    text = b"env:\n  IMAGE_NAME: acme-dns\n    with:\n      image-name: ${{ env.IMAGE_NAME }}\n"
    path = ".github/workflows/builder.yml"
    assert offers(read_workflow(ManifestFile(path, text))) == [
        ("image", "ghcr.io/{owner}/acme-dns", "", 4),
        ("image", "ghcr.io/{owner}/{arch}-acme-dns", "", 4),
    ]


def test_a_bake_target_without_registry_is_taken_to_be_pushed_under_its_owner() -> None:
    text = b'variable "APP" { default = "sonar" }\ntarget "image" { tags = ["${APP}:1.2"] }\n'
    assert offers(read_bake(ManifestFile("apps/sonar/docker-bake.hcl", text))) == [
        ("image", "ghcr.io/{owner}/sonar", "1.2", 2)
    ]
