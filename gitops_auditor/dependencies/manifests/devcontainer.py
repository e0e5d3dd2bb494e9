"""devcontainer.json: the image and the features of a development container.

Development Containers specification, "devcontainer.json reference". Comments are allowed there.
"""

from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Problem, Scope
from gitops_auditor.formats.json_positions import parse_json
from gitops_auditor.formats.nodes import MalformedDocument, Node, child, mapping, text


def read_devcontainer(file: ManifestFile) -> ManifestFacts:
    """The image, and the features that come from a registry, all with scope dev."""
    try:
        document = parse_json(file.text, comments=True)
    except MalformedDocument as error:
        return ManifestFacts(problems=(Problem(error.message, error.line, error.column),))
    return ManifestFacts(
        tuple(_declarations(document.root)),
        problems=tuple(Problem(*finding) for finding in document.findings),
    )


def _declarations(root: Node) -> Iterator[Declaration]:
    for written, line in _references(root):
        found = image_declaration(written, line=line, scope=Scope.DEV)
        if found is not None:
            yield found


def _references(root: Node) -> Iterator[tuple[str, int]]:
    image = child(root, "image")
    if image is not None:
        yield text(image), image.line
    for feature, node in mapping(child(root, "features")).items():
        if "." in feature.partition("/")[0].lstrip("."):
            yield feature, node.line


READER = ManifestReader(
    name="devcontainer",
    read=read_devcontainer,
    names=frozenset({"devcontainer.json", ".devcontainer.json"}),
)
