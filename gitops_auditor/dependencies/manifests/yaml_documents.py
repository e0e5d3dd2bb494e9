"""Opening a YAML manifest: its documents, and what was wrong with them as problems."""

from typing import NamedTuple

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import Problem
from gitops_auditor.formats.nodes import MalformedDocument, Node
from gitops_auditor.formats.yaml_positions import parse_yaml


class YamlDocuments(NamedTuple):
    """The roots of a YAML stream; none when it is malformed, which `problems` then says."""

    roots: tuple[Node, ...]
    problems: tuple[Problem, ...]


def yaml_documents(file: ManifestFile) -> YamlDocuments:
    """Every document of the file. Never raises."""
    try:
        documents = parse_yaml(file.text)
    except MalformedDocument as error:
        return YamlDocuments((), (Problem(error.message, error.line, error.column),))
    problems = tuple(Problem(*finding) for document in documents for finding in document.findings)
    return YamlDocuments(tuple(document.root for document in documents), problems)
