"""Python code that names images as defaults, fetches from other repositories or installs packages.

Only files at most two folders deep are read, line by line: settings and scripts lie there, and what
is found has the confidence of a guess. Imports are no statement about where something comes from.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.shell_commands import commands_in
from gitops_auditor.dependencies.manifests.shell_fetches import downloads
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Scope

CONFIDENCE: Final = 0.4

_LIMIT: Final = 512 * 1024
_DEPTH: Final = 2
_WORTH_READING = re.compile(
    rb"image|\b(?:quay|ghcr|docker|gcr)\.io/|github(?:usercontent)?\.com/|\bpip3? install|"
    rb"\b(?:conda|mamba|npm) install",
    re.IGNORECASE,
)
_QUALIFIED = re.compile(
    r"""["'](?P<image>(?:quay\.io|ghcr\.io|docker\.io|(?:[a-z]+\.)?gcr\.io|mcr\.microsoft\.com|"""
    r"""public\.ecr\.aws|registry\.gitlab\.com)/[a-z0-9][\w./-]*(?:[:@][^\s"']*)?)["']"""
)
_ASSIGNED = re.compile(
    r"""(?i:image)\w*["']?\]?\s*(?:=|:)\s*["'](?P<image>[a-z0-9][\w.-]*/[\w./-]+(?::[^\s"']*)?)["']"""
)
_LISTED = re.compile(
    r"""["'](?P<image>[a-z0-9][a-z0-9_-]*/[a-z0-9][\w./-]*:[A-Za-z0-9_{%$][^\s"'/]*)["']"""
)
_COMMAND = re.compile(
    r"""[\s"'frb(\[]*(?:RUN\s+|sudo\s+)?(?:\S*python\S*\s+-m\s+)?"""
    r"""(?:pip3?|conda|\S*mamba|npm)\s+(?:install|add|i)\s"""
)
_COMMENT: Final = ("#", "import ", "from ")


def read_code(file: ManifestFile) -> ManifestFacts:
    """The images, downloads and installations that the strings of a module speak of."""
    if len(file.content) > _LIMIT or _WORTH_READING.search(file.content) is None:
        return ManifestFacts()
    scope = scope_of_path(file.path)
    lines = file.text.split("\n")
    found = [item for number, line in enumerate(lines, 1) for item in _named(line, number, scope)]
    found += commands_in(_shell_lines(lines), scope)
    return ManifestFacts(
        tuple(item._replace(confidence=min(item.confidence, CONFIDENCE)) for item in found)
    )


def _named(line: str, number: int, scope: Scope) -> Iterator[Declaration]:
    if not ("/" in line and ("'" in line or '"' in line)) or line.lstrip().startswith(_COMMENT):
        return
    images = {found["image"] for pattern in _patterns(line) for found in pattern.finditer(line)}
    for image in sorted(images):
        declared = image_declaration(image, line=number, scope=scope, confidence=CONFIDENCE)
        if declared is not None:
            yield declared
    if "github" in line:
        for taken in downloads(line, number):
            yield taken._replace(scope=scope)


def _patterns(line: str) -> Sequence[re.Pattern[str]]:
    """A name without registry is an image only where the line speaks of images."""
    return (_QUALIFIED, _ASSIGNED, _LISTED) if "image" in line.lower() else (_QUALIFIED,)


def _shell_lines(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Shell inside strings: lines that begin with an installing command, and their continuation."""
    continued = False
    for number, line in enumerate(lines, 1):
        if continued or _COMMAND.match(line):
            yield line.strip(" \t\"'frb,(["), number
            continued = line.rstrip().endswith("\\")


def _claims(path: str) -> bool:
    return path.count("/") <= _DEPTH and not path.endswith("setup.py")


READER = ManifestReader("code strings", read_code, claim_suffixes=(".py",), claims=_claims)
