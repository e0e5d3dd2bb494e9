"""Python code that names images as defaults, fetches from other repositories or installs packages.

Only files at most two folders deep are read, line by line: settings and scripts lie there, and what
is found has the confidence of a guess. Imports are no statement about where something comes from.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.manifests.matched_lines import (
    continued,
    line_indexes,
    lines_with,
)
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.shell_commands import commands_in
from gitops_auditor.dependencies.manifests.shell_fetches import downloads
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Scope

CONFIDENCE: Final = 0.4

_LIMIT: Final = 512 * 1024
_DEPTH: Final = 2
_WORTH_READING: Final = (b"image", b".io/", b"github", b" install")
_TELLING = re.compile(
    r"image|Image|IMAGE|github|quay\.io/|ghcr\.io/|docker\.io/|gcr\.io/|mcr\.microsoft\.com/|"
    r"public\.ecr\.aws/|registry\.gitlab\.com/"
)
_QUALIFIED = re.compile(
    r"""["'](?P<image>(?:quay\.io|ghcr\.io|docker\.io|(?:[a-z]+\.)?gcr\.io|mcr\.microsoft\.com|"""
    r"""public\.ecr\.aws|registry\.gitlab\.com)/[a-z0-9][\w./-]*(?:[:@][^\s"']*)?)["']"""
)
_ASSIGNED = re.compile(
    r"""(?i:image)\w{0,40}["']?\]?\s*(?:=|:)\s*["'](?P<image>[a-z0-9][\w.-]*/[\w./-]+(?::[^\s"']*)?)["']"""
)
_LISTED = re.compile(
    r"""["'](?P<image>[a-z0-9][a-z0-9_-]{0,100}/[a-z0-9][\w./-]{0,200}:[A-Za-z0-9_{%$][^\s"'/]*)["']"""
)
_COMMAND = re.compile(
    r"""[\s"'frb(\[]*(?:RUN\s+|sudo\s+)?(?:\S{0,80}python\S{0,20}\s+-m\s+)?"""
    r"""(?:pip3?|conda|\S{0,80}mamba|npm)\s+(?:install|add|i)\s"""
)
_INSTALL = re.compile(r"(?:pip3?|conda|mamba|npm)\s+(?:install|add|i)\s")
_COMMENT: Final = ("#", "import ", "from ")


def read_code(file: ManifestFile) -> ManifestFacts:
    """The images, downloads and installations that the strings of a module speak of."""
    content = file.content
    if len(content) > _LIMIT:
        return ManifestFacts()
    lowered = content.lower()
    if not any(word in lowered for word in _WORTH_READING):
        return ManifestFacts()
    scope = scope_of_path(file.path)
    telling = lines_with(file.text, _TELLING)
    found = [item for line, number in telling for item in _named(line, number, scope)]
    found += commands_in(list(_shell_lines(file.text)), scope)
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


def _shell_lines(text: str) -> Iterator[tuple[str, int]]:
    """Shell inside strings: lines that begin with an installing command, and their continuation."""
    positions = [found.start() for found in _INSTALL.finditer(text)]
    lines = text.split("\n") if positions else []
    indexes = [index for index in line_indexes(text, positions) if _COMMAND.match(lines[index])]
    for line, number in continued(lines, indexes):
        yield line.strip(" \t\"'frb,(["), number


def _claims(path: str) -> bool:
    return path.count("/") <= _DEPTH and not path.endswith("setup.py")


READER = ManifestReader("code strings", read_code, claim_suffixes=(".py",), claims=_claims)
