"""Opening a JSON manifest: its root, and what was wrong with it as problems."""

from typing import NamedTuple

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import Problem
from gitops_auditor.formats.json_positions import parse_json
from gitops_auditor.formats.nodes import MalformedDocument, Node


class JsonDocument(NamedTuple):
    """The root of a JSON file; None when it is malformed, which `problems` then says."""

    root: Node | None
    problems: tuple[Problem, ...]


def json_document(file: ManifestFile, *, comments: bool = False) -> JsonDocument:
    """The document of the file; `comments` also takes JSONC and JSON5. Never raises."""
    try:
        document = parse_json(file.text, comments=comments)
    except MalformedDocument as error:
        return JsonDocument(None, (Problem(error.message, error.line, error.column),))
    return JsonDocument(document.root, tuple(Problem(*finding) for finding in document.findings))
