"""`.env` files beside Compose files: variables that hold an image.

Compose documentation, "Set environment variables": the file is read before interpolation.
"""

import re

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.images import image_declaration
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.variables import expand
from gitops_auditor.dependencies.models import ManifestFacts

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)=[\"']?([^\"'\s#]+)")
_CONFIDENCE = 0.9


def read_env(file: ManifestFile) -> ManifestFacts:
    """Values of variables named `...IMAGE` that are image references with a tag or a digest."""
    if b"IMAGE" not in file.content:
        return ManifestFacts()
    scope = scope_of_path(file.path)
    values: dict[str, str] = {}
    declarations = []
    for number, line in enumerate(file.text.splitlines(), start=1):
        found = _ASSIGNMENT.match(line)
        if found is None:
            continue
        name, value = found.group(1), expand(found.group(2), values)
        values[name] = value
        if name.endswith("IMAGE") and ":" in value:
            declarations.append(
                image_declaration(value, line=number, scope=scope, confidence=_CONFIDENCE)
            )
    return ManifestFacts(tuple(entry for entry in declarations if entry is not None))


READER = ManifestReader(
    name="env-images", read=read_env, names=frozenset({".env"}), suffixes=(".env",)
)
