import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.image_lines import (
    image_lines,
    literal_images,
    say_all,
)
from gitops_auditor.dependencies.manifests.image_values import image_values
from gitops_auditor.dependencies.manifests.kubernetes import READER, read_yaml
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import Scope
from gitops_auditor.formats.yaml_positions import parse_yaml
from tests.dependencies.manifests.stated import Row, references, rows

DEPLOYMENT = b"""\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      initContainers:
        - image: busybox
      containers:
        - name: app
          image: ghcr.io/acme/app:v1.2  # pinned
---
apiVersion: batch/v1
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: "alpine:3"}]}}}}}
"""

VALUES = b"""\
image:
  repository: ghcr.io/acme/hub
  tag: "5.3.0"
proxy:
  image:
    name: traefik
    tag: v3.7.8
    pullPolicy: Always
sidecar:
  image:
    registry: quay.io
    repository: acme/sidecar
    tag: 1.10
    digest: sha256:DIGEST
untagged:
  image:
    repository: acme/untagged
    tag: ""
plain:
  image: acme/plain:2
joined:
  image: acme/joined
  tag: "3"
not:
  name: somebody
  repository: acme/git
labels:
  tag: blue
  name: app
""".replace(b"DIGEST", b"c" * 64)


def read(text: bytes, path: str = "deploy/app.yaml") -> list[Row]:
    return rows(read_yaml(ManifestFile(path, text)))


def test_containers_of_every_document_are_read() -> None:
    assert read(DEPLOYMENT) == [
        ("busybox", "", "none", "runtime", 7),
        ("ghcr.io/acme/app", "v1.2", "exact", "runtime", 10),
        ("alpine", "3", "exact", "runtime", 14),
    ]


def test_helm_values_give_images_in_parts() -> None:
    assert read(VALUES, "chart/values.yaml") == [
        ("ghcr.io/acme/hub", "5.3.0", "exact", "runtime", 2),
        ("traefik", "v3.7.8", "exact", "runtime", 6),
        ("quay.io/acme/sidecar", "1.10@sha256:" + "c" * 64, "exact", "runtime", 12),
        ("acme/untagged", "", "none", "runtime", 17),
        ("acme/plain", "2", "exact", "runtime", 20),
        ("acme/joined", "3", "exact", "runtime", 22),
    ]


def test_other_yaml_has_less_confidence_than_manifests_and_values() -> None:
    text = b"steps:\n  - image: acme/tool:1\n"
    for path, confidence in [("ci/steps.yaml", 0.9), ("values-prod.yaml", 1.0)]:
        facts = read_yaml(ManifestFile(path, text))
        assert [entry.confidence for entry in facts.declarations] == [confidence]


def test_the_image_of_a_home_assistant_app_is_its_own() -> None:
    text = b"slug: hub\narch: [amd64]\nimage: ghcr.io/acme/hub\n"
    assert read(text, "hub/config.yaml") == []
    assert read(b"image: ghcr.io/acme/hub:1\n", "hub/config.yaml") != []


def test_aliases_do_not_repeat_an_image() -> None:
    text = b"a: &a\n  image:\n    repository: o/a\n    tag: 1\nb: *a\nc: *a\n"
    assert read(text, "values.yaml") == [("o/a", "1", "exact", "runtime", 3)]


def test_templates_give_their_literal_image_lines() -> None:
    text = (
        b"kind: Pod\nspec:\n  {{- if .x }}\n  containers:\n    - image: nginx:1.13\n"
        b"    - image: {{ .Values.image }}\n    - image: 'acme/x:2' # y\n  {{- end }}\n"
    )
    expected = [("nginx", "1.13", "exact", "runtime", 5), ("acme/x", "2", "exact", "runtime", 7)]
    assert read(text, "chart/templates/pod.yaml") == expected
    assert read(text, "pod.yaml.j2") == expected
    assert read(text, "elsewhere/pod.yaml") == expected


def test_schemas_and_unrelated_yaml_say_nothing_and_bad_manifests_are_a_problem() -> None:
    schema = (
        b"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n"
        b"  image: acme/x:1\n"
    )
    assert read(schema) == []
    assert read(b"theme: dark\n") == []
    broken = read_yaml(ManifestFile("a.yaml", b"apiVersion: v1\nkind: Pod\nimage: [\ntag: 1\n"))
    assert len(broken.problems) == 1


def test_flux_sources_and_releases_name_charts_and_repositories() -> None:
    text = b"""\
kind: HelmRelease
apiVersion: helm.toolkit.fluxcd.io/v2
spec:
  chart:
    spec:
      chart: redis
      version: 19.x
      sourceRef: {kind: HelmRepository, name: acme}
  values:
    image: {repository: acme/redis, tag: "7"}
---
kind: OCIRepository
apiVersion: source.toolkit.fluxcd.io/v1
spec:
  layerSelector: {mediaType: application/vnd.cncf.helm.chart.content.v1.tar+gzip}
  url: oci://ghcr.io/acme/app
  ref: {tag: 4.1.0}
---
kind: OCIRepository
apiVersion: source.toolkit.fluxcd.io/v1
spec:
  url: oci://ghcr.io/acme/manifests/app
  ref: {tag: latest}
---
kind: GitRepository
apiVersion: source.toolkit.fluxcd.io/v1
spec:
  url: ssh://git@github.com/acme/fleet
  ref: {branch: main}
---
kind: GitRepository
apiVersion: source.toolkit.fluxcd.io/v1
spec:
  url: https://github.com/acme/app
  ref: {semver: ">=1.0"}
---
kind: HelmRepository
apiVersion: source.toolkit.fluxcd.io/v1
spec:
  url: https://acme.github.io/charts/
"""
    assert read(text) == [
        ("redis", "19.x", "range", "runtime", 6),
        ("acme/redis", "7", "exact", "runtime", 10),
        ("oci://ghcr.io/acme/app", "4.1.0", "exact", "runtime", 16),
        ("ghcr.io/acme/manifests/app", "latest", "tag", "runtime", 22),
        ("ssh://git@github.com/acme/fleet", "main", "tag", "runtime", 28),
        ("https://github.com/acme/app", ">=1.0", "range", "runtime", 34),
        ("https://acme.github.io/charts/", "", "none", "runtime", 40),
    ]
    assert references(read_yaml(ManifestFile("a.yaml", text))) == [
        ("chart", "redis"),
        ("image", "docker.io/acme/redis"),
        ("chart", "oci://ghcr.io/acme/app"),
        ("image", "ghcr.io/acme/manifests/app"),
        ("repository", "github.com/acme/fleet"),
        ("repository", "github.com/acme/app"),
        ("repository", "github.com/acme/charts"),
    ]


def test_argo_applications_name_charts_and_repositories() -> None:
    text = b"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
spec:
  sources:
    - repoURL: https://charts.acme.org
      chart: hub
      targetRevision: 1.2.3
    - repoURL: https://github.com/acme/config.git
      targetRevision: HEAD
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
spec:
  template:
    spec:
      source:
        repoURL: git@gitlab.com:acme/apps.git
"""
    assert read(text) == [
        ("hub", "1.2.3", "exact", "runtime", 6),
        ("https://github.com/acme/config.git", "HEAD", "tag", "runtime", 8),
        ("git@gitlab.com:acme/apps.git", "", "none", "runtime", 17),
    ]


def test_kustomizations_take_remote_bases_images_and_charts() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    text = f"""\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ./local.yaml
  - ../base
  - https://github.com/acme/app//deploy?ref=v1.0
  - github.com/acme/other/config?ref={commit}
  - https://github.com/acme/rel/releases/download/v2.1/install.yaml
  - https://github.com/acme/rel/releases/latest/download/install.yaml
  - https://raw.githubusercontent.com/acme/raw/main/x.yaml
  - git@github.com:acme/ssh.git
images:
  - name: acme/app
    newTag: v1.9.0
  - name: app
    newName: ghcr.io/acme/app
    newTag: "2"
  - name: unchanged
helmCharts:
  - name: redis
    repo: https://charts.acme.org
    version: 19.0.0
""".encode()
    assert [(row[0].partition("?")[0], *row[1:]) for row in read(text, "kustomization.yaml")] == [
        ("https://github.com/acme/app//deploy", "v1.0", "tag", "runtime", 6),
        ("github.com/acme/other/config", commit, "commit", "runtime", 7),
        ("https://github.com/acme/rel/releases/download/v2.1/install.yaml",
         "v2.1", "tag", "runtime", 8),
        ("https://github.com/acme/rel/releases/latest/download/install.yaml",
         "", "none", "runtime", 9),
        ("https://raw.githubusercontent.com/acme/raw/main/x.yaml", "main", "tag", "runtime", 10),
        ("git@github.com:acme/ssh.git", "", "none", "runtime", 11),
        ("acme/app", "v1.9.0", "exact", "runtime", 13),
        ("ghcr.io/acme/app", "2", "exact", "runtime", 16),
        ("redis", "19.0.0", "exact", "runtime", 20),
    ]  # fmt: skip
    assert references(read_yaml(ManifestFile("kustomization.yaml", text)))[:6] == [
        ("repository", "github.com/acme/app"),
        ("repository", "github.com/acme/other"),
        ("repository", "github.com/acme/rel"),
        ("repository", "github.com/acme/rel"),
        ("repository", "github.com/acme/raw"),
        ("repository", "github.com/acme/ssh"),
    ]


@pytest.mark.parametrize(
    ("comment", "value", "expected", "reference"),
    [
        ("datasource=docker depName=ghcr.io/acme/kubelet", "version: v1.36.4",
         ("ghcr.io/acme/kubelet", "v1.36.4", "exact", "runtime", 2),
         ("image", "ghcr.io/acme/kubelet")),
        ("depName=acme/tool datasource=github-releases", "toolVersion: 'v2.0'",
         ("acme/tool", "v2.0", "tag", "runtime", 2), ("repository", "github.com/acme/tool")),
        ("datasource=helm depName=redis registryUrl=https://x.org", "version: 19.0.0",
         ("redis", "19.0.0", "exact", "runtime", 2), ("chart", "redis")),
        ("datasource=pypi depName=Own_Lib", "OWN: 1.2",
         ("Own_Lib", "==1.2", "exact", "runtime", 2), ("pypi", "own-lib")),
        ("datasource=npm depName=@acme/x", "x: 1.0.0",
         ("@acme/x", "1.0.0", "exact", "runtime", 2), ("npm", "@acme/x")),
    ],
)  # fmt: skip
def test_a_renovate_comment_says_what_the_next_line_is(
    comment: str, value: str, expected: Row, reference: tuple[str, str]
) -> None:
    facts = read_yaml(ManifestFile("a.yaml", f"# renovate: {comment}\n{value}\n".encode()))
    assert rows(facts) == [expected]
    assert references(facts) == [reference]


def test_a_comment_for_an_unknown_source_says_nothing() -> None:
    assert read(b"# renovate: datasource=custom.x depName=a/b\nversion: 1\n") == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["nginx:1", "o/a", "ghcr.io/o/a:v1.2", "quay.io/o/b:latest"]),
            st.sampled_from(["", '"', "'"]),
            st.sampled_from(["", "  # why"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_reading_lines_finds_what_parsing_finds(entries: list[tuple[str, str, str]]) -> None:
    lines = [
        f"    - name: c{i}\n      image: {q}{image}{q}{comment}"
        for i, (image, q, comment) in enumerate(entries)
    ]
    text = "kind: Pod\nspec:\n  containers:\n" + "\n".join(lines) + "\n"
    named = image_lines(text)
    assert say_all(named, text)
    parsed = list(image_values(parse_yaml(text)[0].root, scope=Scope.RUNTIME))
    assert list(literal_images(named, scope=Scope.RUNTIME)) == parsed


@pytest.mark.parametrize(
    "text",
    ["image: ${X}\n", "image:\n  repository: a/b\n  tag: 1\n", '{"image": "a/b"}\n',
     "# image: a/b\nx: 1\n", "image: &a a/b\n", "image: nginx\n"],
)  # fmt: skip
def test_text_whose_lines_do_not_say_everything_is_parsed(text: str) -> None:
    assert not say_all(image_lines(text), text)


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("deploy/app.yaml", True),
        ("charts/x/values.yml", True),
        (".github/workflows/ci.yml", False),
        ("docker-compose.yml", False),
        ("pnpm-lock.yaml", False),
        (".gitlab-ci.yml", False),
        ("environment.yml", False),
        ("Chart.yaml", False),
    ],
)
def test_yaml_that_another_reader_knows_better_is_left_to_it(path: str, claimed: bool) -> None:
    assert READER.claims is not None
    assert READER.claims(path) is claimed


def test_an_image_that_only_a_program_understands_is_less_sure() -> None:
    text = "hub:\n  build_image: quay.io/acme/build:1.0\n  baseImage: name\n  image: acme/hub:2\n"
    (document,) = parse_yaml(text)
    found = [
        (i.name, i.line, i.confidence) for i in image_values(document.root, scope=Scope.RUNTIME)
    ]
    assert sorted(found) == [("acme/hub", 4, 1.0), ("quay.io/acme/build", 2, 0.65)]
