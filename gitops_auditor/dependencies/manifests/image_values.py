"""Images inside YAML trees: pod specs, Helm values and custom resources alike.

Three shapes are taken for an image: `image:` with a string, a mapping with `repository` and a tag,
and a mapping with `name` and `tag` under a key that speaks of an image.
"""

import re
from collections.abc import Iterator
from typing import Any

from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.models import Declaration, Scope
from gitops_auditor.formats.nodes import Node, text, written

_STRING_KEYS = ("image", "imageName", "imageRepository")
_NAME_KEYS = ("repository", "name", "image")
_TOLD_SUFFIXES = ("_image", "Image", "_IMAGE")
_TAGGED = re.compile(r"[\w.-]+(?:/[\w.-]+)+[:@]")
_TOLD = 0.65
_NAMING = frozenset({*_STRING_KEYS, *_NAME_KEYS})
_DIGEST_KEYS = ("digest", "sha")
_INNER = (dict, list)
_CONTAINERS = frozenset({"containers", "initContainers", "ephemeralContainers"})


def image_values(root: Node, *, scope: Scope, confidence: float = 1.0) -> Iterator[Declaration]:
    """Every image below `root`, in the order of the file."""
    for key, entries in _mappings(root):
        named = ((*found, confidence) for found in _references(key, entries))
        told = ((*found, _TOLD) for found in _told(entries))
        for reference, line, sure in (*named, *told):
            found = image_declaration(reference, line=line, scope=scope, confidence=sure)
            if found is not None:
                yield found


def _mappings(root: Node) -> Iterator[tuple[str, dict[str, Node]]]:
    """Every mapping that has entries, outer ones first, with the key that it stands under."""
    stack: list[tuple[str, Any]] = [("", root.value)]
    while stack:
        key, value = stack.pop()
        inner: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            yield key, value
            inner = [
                (name, node.value) for name, node in value.items() if isinstance(node.value, _INNER)
            ]
        elif isinstance(value, list):
            inner = [(key, node.value) for node in value if isinstance(node.value, _INNER)]
        stack.extend(reversed(inner))


def _references(key: str, entries: dict[str, Node]) -> Iterator[tuple[str, int]]:
    """The image that a mapping describes as a whole, and those that it names in one string."""
    if _NAMING.isdisjoint(entries):
        return
    described = _described(key, entries)
    if described is not None:
        yield described
    for name in _STRING_KEYS:
        node = entries.get(name)
        value = text(node)
        if node is None or (described is not None and described[1] == node.line):
            continue
        if "/" in value or ":" in value or (value and key in _CONTAINERS):
            yield value, node.line


def _told(entries: dict[str, Node]) -> Iterator[tuple[str, int]]:
    """Images under keys such as `build_image`, which only the program behind them understands."""
    for name, node in entries.items():
        if name.endswith(_TOLD_SUFFIXES) and _TAGGED.match(text(node)):
            yield text(node), node.line


def _described(key: str, entries: dict[str, Node]) -> tuple[str, int] | None:
    """An image given in parts: registry, repository or name, tag and digest."""
    tagged = "tag" in entries or any(name in entries for name in _DIGEST_KEYS)
    about_image = "image" in key.lower()
    for name in _NAME_KEYS:
        node = entries.get(name)
        value = text(node)
        if node is None or not value or not (tagged or (name == "repository" and about_image)):
            continue
        if name == "name" and not (about_image or ("/" in value and "tag" in entries)):
            continue
        return _joined(value, entries), node.line
    return None


def _joined(name: str, entries: dict[str, Node]) -> str:
    registry = text(entries.get("registry")).rstrip("/")
    full = f"{registry}/{name}" if registry and not name.startswith(registry) else name
    tag = written(entries.get("tag"))
    if tag and ":" not in full.rpartition("/")[2]:
        full = f"{full}:{tag}"
    digest = next((text(entries.get(key)) for key in _DIGEST_KEYS if text(entries.get(key))), "")
    if digest and "@" not in full:
        full = f"{full}@{digest if ':' in digest else f'sha256:{digest}'}"
    return full
