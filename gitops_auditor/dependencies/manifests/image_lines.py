"""Image lines read without parsing YAML: for templates, and for files where nothing else counts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.manifests.matched_lines import lines_with, starts_word
from gitops_auditor.dependencies.models import Declaration, Scope

_IMAGE_LINE = re.compile(
    r"[ \t]*(?:-[ \t]+)?image:[ \t]+(?P<quote>[\"']?)(?P<image>[^\s\"'{}#&*|>!%@`\[\],]"
    r"[^\s\"'{}#]*)(?P=quote)[ \t]*(?:#.*)?$"
)
_LITERAL = re.compile(r"image:[ \t]")
_IMAGE_KEY = re.compile(r"image[\"']?[ \t]*:")
_NAME_KEY = re.compile(r"image(?:Name|Repository)[\"']?[ \t]*:")
_TAG_KEY = re.compile(r"tag[\"']?[ \t]*:")
_PART_KEYS = (
    _TAG_KEY,
    _NAME_KEY,
    *(re.compile(rf"{word}[\"']?[ \t]*:") for word in ("digest", "sha", "newTag", "repository")),
)
# One pattern a word: a search for a fixed text is ten times faster than one for alternatives.


class ImageLine(NamedTuple):
    """An image that a line such as `image: nginx:1.27` names without variables."""

    image: str
    line: int


def speaks_of_images(text: str) -> bool:
    """Whether a key may name an image or its tag, or a comment tells Renovate of a version."""
    return (
        any(_keys(text, pattern) for pattern in (_IMAGE_KEY, _TAG_KEY, _NAME_KEY))
        or "renovate:" in text
    )


def image_lines(text: str) -> list[ImageLine]:
    """The images that lines name, in order."""
    matched = ((_IMAGE_LINE.match(line), number) for line, number in lines_with(text, _LITERAL))
    return [ImageLine(found["image"], number) for found, number in matched if found is not None]


def literal_images(
    lines: Iterable[ImageLine], *, scope: Scope, confidence: float = 1.0
) -> Iterator[Declaration]:
    """The declarations of images that lines name."""
    for image, line in lines:
        declared = image_declaration(image, line=line, scope=scope, confidence=confidence)
        if declared is not None:
            yield declared


def say_all(lines: Sequence[ImageLine], text: str) -> bool:
    """Whether `lines` are all there is: each `image` key with a literal, no image in parts."""
    if not all("/" in image or ":" in image for image, _ in lines):
        return False
    if any(_keys(text, pattern) for pattern in _PART_KEYS):
        return False
    return len(lines) == sum(1 for _ in _key_positions(text, _IMAGE_KEY))


def _keys(text: str, pattern: re.Pattern[str]) -> bool:
    return next(_key_positions(text, pattern), None) is not None


def _key_positions(text: str, pattern: re.Pattern[str]) -> Iterator[int]:
    for found in pattern.finditer(text):
        if starts_word(text, found.start()):
            yield found.start()
