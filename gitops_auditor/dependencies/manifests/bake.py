"""docker buildx bake files: the images that targets build, and the images they use as contexts.

Docker documentation, "Bake file reference": `variable`, `target.tags`, `target.contexts`.
"""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.images import image_declaration, image_offers
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.variables import expand
from gitops_auditor.dependencies.models import ManifestFacts, Scope

_VARIABLE = re.compile(
    r'variable"?\s*"(?P<name>\w+)"\s*\{[^}]*?"?default"?\s*[=:]\s*"(?P<value>[^"\n]*)"'
)
_TAGS = re.compile(r'"?\btags"?\s*[=:]\s*\[(?P<items>[^\]]*)\]')
_STRING = re.compile(r'"(?P<value>[^"\n]*)"')
_OWNED = "ghcr.io/{owner}/"
"""A target without registry is tagged so by the workflow that pushes it, as a rule."""

_CONTEXT = re.compile(r'"docker-image://(?P<image>[^"\n]+)"')


def read_bake(file: ManifestFile) -> ManifestFacts:
    """Tags of targets as offers, `docker-image://` contexts as build requirements."""
    text = file.text
    values = {found["name"]: found["value"] for found in _VARIABLE.finditer(text)}
    scope = weaker(Scope.BUILD, scope_of_path(file.path))
    declarations = (
        image_declaration(expand(found["image"], values), line=_line(text, found), scope=scope)
        for found in _CONTEXT.finditer(text)
    )
    return ManifestFacts(
        tuple(entry for entry in declarations if entry is not None),
        image_offers(_tags(text, values)),
    )


def _tags(text: str, values: dict[str, str]) -> Iterator[tuple[str, int]]:
    for tags in _TAGS.finditer(text):
        for found in _STRING.finditer(text, tags.start("items"), tags.end("items")):
            image = expand(found["value"], values)
            owned = image if "/" in image else f"{_OWNED}{image}"
            yield owned, _line(text, found)


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start()) + 1


READER = ManifestReader(
    name="docker-bake",
    read=read_bake,
    names=frozenset(
        {
            "docker-bake.hcl",
            "docker-bake.json",
            "docker-bake.override.hcl",
            "docker-bake.override.json",
        }
    ),
)
