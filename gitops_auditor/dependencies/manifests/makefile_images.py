"""Makefiles: the container images that their recipes build or push."""

import re

from gitops_auditor.dependencies.manifests.build_commands import built_images
from gitops_auditor.dependencies.manifests.images import image_offers
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.variables import expand
from gitops_auditor.dependencies.models import ManifestFacts

_ASSIGNMENT = re.compile(
    r"^(?:export\s+)?(?P<name>[A-Za-z_]\w*)\s*[:?]{0,2}=\s*(?P<value>[^\s#]+)\s*(?:#.*)?$"
)
_REFERENCE = re.compile(r"\$\((\w+)\)")
_MAX_DEPTH = 4


def read_makefile(file: ManifestFile) -> ManifestFacts:
    """The images named in build and push commands, with the Makefile's own variables put in."""
    if b"docker" not in file.content and b"podman" not in file.content:
        return ManifestFacts()
    lines = file.text.splitlines()
    assigned = filter(None, map(_ASSIGNMENT.match, lines))
    values = {found["name"]: _braced(found["value"]) for found in assigned}
    named = ((_expanded(text, values), number) for text, number in built_images(lines))
    return ManifestFacts(provisions=image_offers(named))


def _braced(text: str) -> str:
    return _REFERENCE.sub(r"${\1}", text).replace("$$", "$")


def _expanded(text: str, values: dict[str, str], depth: int = _MAX_DEPTH) -> str:
    resolved = expand(_braced(text), values)
    return resolved if resolved == text or not depth else _expanded(resolved, values, depth - 1)


READER = ManifestReader(
    name="image-build-makefile",
    read=read_makefile,
    names=frozenset({"Makefile", "makefile", "GNUmakefile"}),
    suffixes=(".mk",),
)
