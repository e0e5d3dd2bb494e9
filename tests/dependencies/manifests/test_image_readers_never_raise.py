import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests import (
    bake,
    chartpress,
    code_strings,
    compose,
    conda,
    devcontainer,
    docker,
    env_images,
    helm,
    home_assistant,
    json_images,
    kubernetes,
    makefile_images,
    python_poetry,
    python_project,
    python_requirements,
    python_setup,
    python_setup_cfg,
    scripts,
    terraform,
    workflow_images,
)
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader

READERS: tuple[ManifestReader, ...] = (
    bake.READER,
    chartpress.READER,
    code_strings.READER,
    compose.READER,
    *conda.READERS,
    devcontainer.READER,
    docker.READER,
    env_images.READER,
    *helm.READERS,
    *home_assistant.READERS,
    json_images.READER,
    kubernetes.READER,
    *scripts.READERS,
    makefile_images.READER,
    python_poetry.READER,
    python_project.READER,
    python_requirements.READER,
    python_setup.READER,
    python_setup_cfg.READER,
    terraform.READER,
    workflow_images.READER,
)

WORDS = st.sampled_from(
    [
        "FROM ", "ARG X=", "COPY --from=", "RUN --mount=from=", "<<EOF", " AS ", "\\\n",
        "services:", "image:", "build:", "tag:", "repository:", "name:", "dependencies:", "pip:",
        "kind: HelmRelease", "kind: OCIRepository", "kind: Kustomization", "apiVersion: v1",
        "spec:",
        "url:", "chart:", "images:", "resources:", "releases:", "charts:", "build_from:", "slug:",
        'module "x" {', "source = ", "version = ", "required_providers {", "}", "{", "[", "]",
        "install_requires", "setup(", "extras_require", "[project]", "[tool.poetry.dependencies]",
        "[packages]", "[options]", "tags:", "uses: docker/build-push-action@v1", "docker build -t ",
        "requirements:", "run:", "pip install ", "${", "}}", "{{", "$(", "@", "://", "git+", "#",
        "  ", "\n", "\n  ", "\n    - ", "\t", '"', "'", "a/b:1", "\x00", "é", "=", ">=1", "==",
        "-e ",
    ]
)  # fmt: skip


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=200))
def test_arbitrary_bytes_are_read_without_an_exception(
    reader: ManifestReader, content: bytes
) -> None:
    reader.read(ManifestFile("tests/Dockerfile", content))


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@settings(max_examples=150, deadline=None)
@given(words=st.lists(WORDS, max_size=25))
def test_broken_manifests_are_read_without_an_exception(
    reader: ManifestReader, words: list[str]
) -> None:
    file = ManifestFile("a/kustomization.yaml", "".join(words).encode())
    facts = reader.read(file)
    last = file.text.count("\n") + 1
    assert all(1 <= entry.line <= last for entry in facts.declarations)
    assert all(1 <= entry.line <= last for entry in facts.provisions)
