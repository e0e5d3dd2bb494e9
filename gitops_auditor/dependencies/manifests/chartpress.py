"""chartpress.yaml: the images and the charts that chartpress builds and publishes.

chartpress configuration: `charts[].imagePrefix`, `charts[].images`, `charts[].repo.published`.
"""

from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.images import image_provision
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.yaml_documents import yaml_documents
from gitops_auditor.dependencies.models import ManifestFacts, Provision, Reference
from gitops_auditor.formats.nodes import Node, child, mapping, sequence, text


def read_chartpress(file: ManifestFile) -> ManifestFacts:
    """Each image as prefix and name, and each chart by its name."""
    documents = yaml_documents(file)
    charts = (chart for root in documents.roots for chart in sequence(child(root, "charts")))
    provisions = tuple(found for chart in charts for found in _published(chart))
    return ManifestFacts(provisions=provisions, problems=documents.problems)


def _published(chart: Node) -> Iterator[Provision]:
    name = child(chart, "name")
    if name is not None and text(name):
        yield Provision(Reference("chart", text(name)), "", name.line)
    prefix = text(child(chart, "imagePrefix"))
    for image, node in mapping(child(chart, "images")).items():
        written = text(child(node, "imageName")) or f"{prefix}{image}"
        found = image_provision(written, line=node.line)
        if found is not None:
            yield found


READER = ManifestReader(
    name="chartpress", read=read_chartpress, names=frozenset({"chartpress.yaml", "chartpress.yml"})
)
