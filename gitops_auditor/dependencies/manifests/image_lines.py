"""Image lines read without parsing YAML: for templates, and for files where nothing else counts."""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.models import Declaration, Scope

_IMAGE_LINE = re.compile(
    r"^[ \t]*(?:-[ \t]+)?image:[ \t]+(?P<quote>[\"']?)(?P<image>[^\s\"'{}#&*|>!%@`\[\],]"
    r"[^\s\"'{}#]*)(?P=quote)[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_IMAGE_KEY = re.compile(r"\bimage[\"']?[ \t]*:")
_IMAGE_PARTS = re.compile(
    r"\b(?:tag|digest|sha|newTag|imageName|imageRepository|repository)[\"']?[ \t]*:"
)


def literal_images(text: str, *, scope: Scope, confidence: float = 1.0) -> Iterator[Declaration]:
    """The images of lines such as `image: nginx:1.27` that hold no variable."""
    line, position = 1, 0
    for found in _IMAGE_LINE.finditer(text):
        start = found.start("image")
        line += text.count("\n", position, start)
        position = start
        declared = image_declaration(found["image"], line=line, scope=scope, confidence=confidence)
        if declared is not None:
            yield declared


def has_only_literal_images(text: str) -> bool:
    """Whether lines say all there is: each `image` key with a literal, no image in parts."""
    if _IMAGE_PARTS.search(text):
        return False
    lines = [found["image"] for found in _IMAGE_LINE.finditer(text)]
    qualified = all("/" in image or ":" in image for image in lines)
    return qualified and len(lines) == len(_IMAGE_KEY.findall(text))
