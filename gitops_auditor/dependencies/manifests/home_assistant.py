"""Home Assistant apps: the images that `build.yaml` builds from and `config.yaml` publishes.

Home Assistant developer documentation, "App configuration": `build_from`, `image`, `{arch}`.
"""

from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.images import image_declaration, image_provision
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.yaml_documents import yaml_documents
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Provision, Scope
from gitops_auditor.formats.nodes import Node, child, mapping, text, written


def read_build(file: ManifestFile) -> ManifestFacts:
    """The base image of every architecture, and the image that comes out when it is named."""
    if b"build_from" not in file.content:
        return ManifestFacts()
    documents = yaml_documents(file)
    scope = scope_of_path(file.path)
    return ManifestFacts(
        tuple(found for root in documents.roots for found in _bases(root, scope)),
        tuple(found for root in documents.roots for found in _published(root)),
        documents.problems,
    )


def read_config(file: ManifestFile) -> ManifestFacts:
    """The image of an app, recognised by its `slug` and `arch`."""
    if b"slug" not in file.content or b"image" not in file.content:
        return ManifestFacts()
    documents = yaml_documents(file)
    apps = [root for root in documents.roots if {"slug", "arch"} <= mapping(root).keys()]
    return ManifestFacts(
        provisions=tuple(found for root in apps for found in _published(root)),
        problems=documents.problems,
    )


def _bases(root: Node, scope: Scope) -> Iterator[Declaration]:
    node = child(root, "build_from")
    for image in [*mapping(node).values(), *([node] if node and text(node) else [])]:
        found = image_declaration(text(image), line=image.line, scope=scope)
        if found is not None:
            yield found


def _published(root: Node) -> Iterator[Provision]:
    image = child(root, "image")
    found = image_provision(text(image), line=image.line) if image else None
    if found is not None:
        yield found._replace(version=written(child(root, "version")) or found.version)


READERS = (
    ManifestReader(
        name="home-assistant-build",
        read=read_build,
        names=frozenset({"build.yaml", "build.yml", "build.json"}),
    ),
    ManifestReader(
        name="home-assistant-config",
        read=read_config,
        names=frozenset({"config.yaml", "config.yml", "config.json"}),
    ),
)
