"""References to container images, and the declarations and provisions made of them.

The grammar is that of the distribution project's `reference` package: an optional registry, a path
of lower-case components, an optional tag and an optional digest.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Provision,
    Reference,
    Scope,
)

_DOCKER_HUB = "docker.io"
_DOCKER_HUB_NAMES = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
)
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
_REGISTRY = re.compile(
    r"(?:\[[0-9a-fA-F:]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d{1,5})?\Z"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}\Z")
_VERSION_TAG = re.compile(r"v?\d+(?:\.\d+)*(?:[-+._][0-9A-Za-z.+_-]+)?\Z")
_COMMIT_TAG = re.compile(r"(?:sha-)?[0-9a-f]{40}\Z")
_VARIABLE = re.compile(r"[${}<>%]")
_OFFERED = re.compile(r"\{(arch|owner)\}")
_STAND_IN = re.compile(r"0(arch|owner)0")
_TEMPLATE = re.compile(r"\$?\{+\s*([\w.]*)[^{}]*\}+")
_BRACES = re.compile(r"\$?\{[^{}]*\}")


class ImageReference(NamedTuple):
    """An image reference in its parts; `tag` and `digest` are empty when they are not given."""

    written: str
    """The name as the file has it, without tag and digest."""
    name: str
    """The full name: `python` is `docker.io/library/python`."""
    tag: str
    digest: str


@lru_cache(maxsize=4096)
def parse_image(text: str) -> ImageReference | None:
    """The parts of `text`, or None when it is not an image reference.

    A tag may contain variables (`${TAG}`, `{{ .Values.tag }}`); a name may not, because then
    nobody knows which image it is.
    """
    written, tag, digest = _split(text.strip().removeprefix("docker://"))
    name = normal_name(written)
    if name is None or (digest and not (_DIGEST.match(digest) or _VARIABLE.search(digest))):
        return None
    if tag and not (_TAG.match(tag) or _VARIABLE.search(tag)):
        return None
    return ImageReference(written, name, tag, digest)


def normal_name(written: str) -> str | None:
    """The full name of an image given without tag and digest, or None when it is not one."""
    registry, slash, path = written.partition("/")
    if not slash or not _is_registry(registry):
        registry, path = _DOCKER_HUB, written
    if not _PATH.match(path):
        return None
    registry = registry.lower()
    if registry in _DOCKER_HUB_NAMES:
        registry = _DOCKER_HUB
        path = path if "/" in path else f"library/{path}"
    return f"{registry}/{path}"


def image_constraint(tag: str, digest: str = "") -> tuple[str, ConstraintKind]:
    """How tag and digest bind: `3.12` is exact, `latest` moves, a digest alone is a commit.

    A tag and a digest together are written `tag@digest`; the kind is that of a version tag, since
    it is the tag that people compare, and `commit` for a moving tag that the digest holds still.
    """
    if _VARIABLE.search(tag) or _VARIABLE.search(digest):
        kind = ConstraintKind.DYNAMIC
    elif _COMMIT_TAG.match(tag):
        kind = ConstraintKind.COMMIT
    elif _VERSION_TAG.match(tag):
        kind = ConstraintKind.EXACT
    elif digest:
        kind = ConstraintKind.COMMIT
    else:
        kind = ConstraintKind.TAG if tag else ConstraintKind.NONE
    return f"{tag}@{digest}" if tag and digest else tag or digest, kind


def image_declaration(
    text: str, *, line: int, scope: Scope = Scope.RUNTIME, confidence: float = 1.0
) -> Declaration | None:
    """The declaration of the image that `text` names, or None when it names none."""
    image = parse_image(text)
    if image is None:
        return None
    constraint, kind = image_constraint(image.tag, image.digest)
    return Declaration(
        type=DependencyType.DOCKER,
        name=image.written,
        reference=Reference("image", image.name),
        constraint=constraint,
        constraint_kind=kind,
        scope=scope,
        confidence=confidence,
        line=line,
    )


def templated_image(text: str, *, line: int, scope: Scope, confidence: float) -> Declaration | None:
    """The declaration of an image whose name has placeholders, such as `{arch}` or `${ARCH}`.

    It keeps its name as written; what it refers to has the placeholder's word in that place, which
    fits an offer that is open there.
    """
    written = _split(text.strip())[0]
    filled = _TEMPLATE.sub(lambda found: (found[1] or "x").rpartition(".")[2].lower(), written)
    rest = text.strip()[len(written) :]
    found = image_declaration(filled + rest, line=line, scope=scope, confidence=confidence)
    return found if found is None or filled == written else found._replace(name=written)


def image_provision(text: str, *, line: int) -> Provision | None:
    """The offer of a repository that builds the image `text`; a tag with variables says nothing.

    In an offer, `{arch}` and `{owner}` are placeholders and stay in the name. A name without any
    owner is a local build, not an offer.
    """
    image = parse_image(_OFFERED.sub(lambda found: f"0{found[1]}0", text))
    if image is None or "/" not in image.written:
        return None
    name = _STAND_IN.sub(lambda found: f"{{{found[1]}}}", image.name)
    version = "" if _VARIABLE.search(image.tag) else image.tag
    return Provision(Reference("image", name), version, line)


def image_offers(named: Iterable[tuple[str, int]]) -> tuple[Provision, ...]:
    """The offers among names that are built, given with their lines; the first of a name counts."""
    offers: dict[str, Provision] = {}
    for text, line in named:
        found = image_provision(text, line=line)
        if found is not None:
            offers.setdefault(found.reference.name, found)
    return tuple(offers.values())


def _split(text: str) -> tuple[str, str, str]:
    """Name, tag and digest of `text`; a colon inside braces belongs to a variable."""
    name, _, digest = text.partition("@")
    masked = _BRACES.sub(lambda found: "_" * len(found.group()), name)
    colon = masked.rfind(":")
    if colon <= masked.rfind("/") or colon <= masked.rfind("]"):
        return name, "", digest
    return name[:colon], name[colon + 1 :], digest


def _is_registry(text: str) -> bool:
    if text != "localhost" and not ("." in text or ":" in text):
        return False
    return _REGISTRY.match(text) is not None
