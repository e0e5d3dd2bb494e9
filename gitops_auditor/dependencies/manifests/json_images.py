"""JSON files near the root that name images by registry, as lists of releases do."""

import re
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.images import templated_image
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.models import Declaration, ManifestFacts

CONFIDENCE: Final = 0.6
"""What reads the file, and whether it takes the image, the file does not say."""

_LIMIT: Final = 512 * 1024
_DEPTH: Final = 1
_IMAGE = re.compile(
    r"\"(?P<image>(?:quay\.io|ghcr\.io|docker\.io|(?:[a-z]+\.)?gcr\.io|mcr\.microsoft\.com)"
    r"/[^\"\s]+)\""
)
_NOT_LISTS = re.compile(
    r"(?:^|/)(?:package(?:-lock)?|renovate|composer|tsconfig[^/]*|devcontainer|docker-bake[^/]*|build)"
    r"\.json\Z"
)


def read_json(file: ManifestFile) -> ManifestFacts:
    """Every image of the file once; names may have placeholders such as `{arch}`."""
    if len(file.content) > _LIMIT or b".io/" not in file.content:
        return ManifestFacts()
    scope = scope_of_path(file.path)
    found: dict[str, Declaration] = {}
    for match in _IMAGE.finditer(file.text):
        line = file.text.count("\n", 0, match.start()) + 1
        image = templated_image(match["image"], line=line, scope=scope, confidence=CONFIDENCE)
        if image is not None:
            found.setdefault(match["image"], image)
    return ManifestFacts(tuple(found.values()))


def _claims(path: str) -> bool:
    return path.count("/") <= _DEPTH and _NOT_LISTS.search(path) is None


READER = ManifestReader("json-images", read_json, claim_suffixes=(".json",), claims=_claims)
