"""JSON files near the root that list images by registry, or the assets of releases."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.images import templated_image
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.shell_fetches import downloads
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Scope

CONFIDENCE: Final = 0.6
"""What reads the file, and whether it takes the image, the file does not say."""

_ASSET: Final = b"/releases/download/"
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
    """Every image once, names with placeholders such as `{arch}` included, and every asset."""
    content = file.content
    if len(content) > _LIMIT or not (b".io/" in content or _ASSET in content):
        return ManifestFacts()
    scope = scope_of_path(file.path)
    return ManifestFacts((*_images(file, scope), *_assets(file, scope)))


def _assets(file: ManifestFile, scope: Scope) -> Iterator[Declaration]:
    """The repositories whose release assets the file lists."""
    if _ASSET in file.content:
        for number, line in enumerate(file.text.split("\n"), start=1):
            if _ASSET.decode() in line:
                for asset in downloads(line, number):
                    yield asset._replace(scope=scope)


def _images(file: ManifestFile, scope: Scope) -> Iterable[Declaration]:
    found: dict[str, Declaration] = {}
    for match in _IMAGE.finditer(file.text):
        line = file.text.count("\n", 0, match.start()) + 1
        image = templated_image(match["image"], line=line, scope=scope, confidence=CONFIDENCE)
        if image is not None:
            found.setdefault(match["image"], image)
    return found.values()


def _claims(path: str) -> bool:
    return path.count("/") <= _DEPTH and _NOT_LISTS.search(path) is None


READER = ManifestReader("json-images", read_json, claim_suffixes=(".json",), claims=_claims)
