import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests import json_images
from gitops_auditor.dependencies.manifests.images import (
    image_constraint,
    image_declaration,
    image_offers,
    image_provision,
    parse_image,
    templated_image,
)
from gitops_auditor.dependencies.manifests.json_images import read_json
from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import ConstraintKind, Scope
from tests.dependencies.manifests.stated import rows

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "written", "name", "tag", "digest"),
    [
        ("nginx", "nginx", "docker.io/library/nginx", "", ""),
        ("nginx:1.27", "nginx", "docker.io/library/nginx", "1.27", ""),
        ("jupyter/base", "jupyter/base", "docker.io/jupyter/base", "", ""),
        ("docker.io/nginx:1", "docker.io/nginx", "docker.io/library/nginx", "1", ""),
        ("index.docker.io/library/nginx", "index.docker.io/library/nginx",
         "docker.io/library/nginx", "", ""),
        ("GHCR.io/org/app:v1", "GHCR.io/org/app", "ghcr.io/org/app", "v1", ""),
        ("localhost/app", "localhost/app", "localhost/app", "", ""),
        ("localhost:5000/app:2", "localhost:5000/app", "localhost:5000/app", "2", ""),
        ("registry:5000/a/b", "registry:5000/a/b", "registry:5000/a/b", "", ""),
        ("[::1]:5000/app:3", "[::1]:5000/app", "[::1]:5000/app", "3", ""),
        (f"quay.io/o/n@{DIGEST}", "quay.io/o/n", "quay.io/o/n", "", DIGEST),
        (f"quay.io/o/n:1@{DIGEST}", "quay.io/o/n", "quay.io/o/n", "1", DIGEST),
        ("docker://alpine:3", "alpine", "docker.io/library/alpine", "3", ""),
        ("a/b:${TAG:-x:y}", "a/b", "docker.io/a/b", "${TAG:-x:y}", ""),
        ("a/b:{{ .Values.tag }}", "a/b", "docker.io/a/b", "{{ .Values.tag }}", ""),
    ],
)  # fmt: skip
def test_an_image_reference_is_taken_apart(
    text: str, written: str, name: str, tag: str, digest: str
) -> None:
    assert parse_image(text) == (written, name, tag, digest)


@pytest.mark.parametrize(
    "text",
    ["", " ", "Upper/Case", "${IMAGE}", "ghcr.io/${OWNER}/app", "a b", "https://x.y/z", "a//b",
     "../app", "app:tag with space", "app@sha256:short", "-app", "app:.hidden"],
)  # fmt: skip
def test_what_names_no_known_image_is_refused(text: str) -> None:
    assert parse_image(text) is None


@pytest.mark.parametrize(
    ("tag", "digest", "constraint", "kind"),
    [
        ("", "", "", ConstraintKind.NONE),
        ("latest", "", "latest", ConstraintKind.TAG),
        ("bookworm-slim", "", "bookworm-slim", ConstraintKind.TAG),
        ("3", "", "3", ConstraintKind.EXACT),
        ("v1.2.3-rc.1", "", "v1.2.3-rc.1", ConstraintKind.EXACT),
        ("24.0.2_12-jdk", "", "24.0.2_12-jdk", ConstraintKind.EXACT),
        ("", DIGEST, DIGEST, ConstraintKind.COMMIT),
        ("latest", DIGEST, f"latest@{DIGEST}", ConstraintKind.COMMIT),
        ("1.2", DIGEST, f"1.2@{DIGEST}", ConstraintKind.EXACT),
        ("sha-" + "0" * 40, "", "sha-" + "0" * 40, ConstraintKind.COMMIT),
        ("${TAG}", "", "${TAG}", ConstraintKind.DYNAMIC),
    ],
)
def test_tag_and_digest_say_how_firmly_an_image_is_held(
    tag: str, digest: str, constraint: str, kind: ConstraintKind
) -> None:
    assert image_constraint(tag, digest) == (constraint, kind)


def test_an_offer_keeps_its_placeholders_and_a_local_build_is_none() -> None:
    offer = image_provision("ghcr.io/{owner}/{arch}-base:1.0", line=4)
    assert offer is not None
    assert (offer.reference.name, offer.version, offer.line) == (
        "ghcr.io/{owner}/{arch}-base", "1.0", 4,
    )  # fmt: skip
    assert image_provision("test-image:latest", line=1) is None


def test_an_offer_is_made_once_for_each_name() -> None:
    offers = image_offers([("o/a:1", 3), ("o/a:2", 4), ("o/b:${TAG}", 5), ("nothing", 6)])
    assert [(o.reference.name, o.version, o.line) for o in offers] == [
        ("docker.io/o/a", "1", 3),
        ("docker.io/o/b", "", 5),
    ]


@given(st.text(max_size=60))
def test_a_parsed_reference_has_a_name_in_normal_form(text: str) -> None:
    image = parse_image(text)
    if image is not None:
        again = parse_image(image.name)
        assert again is not None
        assert again.name == image.name
        assert image.name == image.name.lower()
        assert image_declaration(text, line=1) is not None


@pytest.mark.parametrize(
    ("text", "name", "reference"),
    [
        ("ghcr.io/a/{arch}-cli", "ghcr.io/a/{arch}-cli", "ghcr.io/a/arch-cli"),
        ("ghcr.io/a/${{ matrix.Arch }}-b:1", "ghcr.io/a/${{ matrix.Arch }}-b", "ghcr.io/a/arch-b"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b", "ghcr.io/a/b"),
    ],
)
def test_a_placeholder_in_a_name_stands_for_its_word(text: str, name: str, reference: str) -> None:
    found = templated_image(text, line=1, scope=Scope.CI, confidence=0.5)
    assert found is not None
    assert (found.name, found.reference.name) == (name, reference)


def test_json_lists_of_images_are_read_near_the_root() -> None:
    text = b'{"images": {"cli": "ghcr.io/a/{arch}-cli",\n"os": "ghcr.io/a/os:2", "x": "a/b:1"}}'
    assert rows(read_json(ManifestFile("stable.json", text))) == [
        ("ghcr.io/a/{arch}-cli", "", "none", "runtime", 1),
        ("ghcr.io/a/os", "2", "exact", "runtime", 2),
    ]
    assert json_images.READER.claims is not None
    assert not json_images.READER.claims("a/b/stable.json")


def test_json_lists_of_release_assets_are_read() -> None:
    text = b'{"os": [{\n"url": "https://github.com/acme/os/releases/download/18.2/os.img.xz"}]}'
    assert rows(read_json(ManifestFile("images.json", text))) == [
        ("acme/os", "18.2", "tag", "runtime", 2)
    ]
