"""Values that a manifest leaves to another file: workspace and version catalogs. Pure."""

import posixpath
from collections import defaultdict
from collections.abc import Sequence

from gitops_auditor.dependencies.manifests.catalog_entries import resolved
from gitops_auditor.dependencies.models import ConstraintKind, Declaration
from gitops_auditor.dependencies.snapshots import FileFacts


class Catalogs:
    """All definitions of a repository. A use takes the one from the nearest folder upwards."""

    def __init__(self, files: Sequence[FileFacts]) -> None:
        self._by_key: dict[str, dict[str, str]] = defaultdict(dict)
        for file in files:
            folder = posixpath.dirname(file.path)
            # A version catalog lies in `gradle/` and speaks for the folder above it.
            folder = posixpath.dirname(folder) if posixpath.basename(folder) == "gradle" else folder
            for key, value in file.facts.definitions:
                self._by_key[key].setdefault(folder, value)

    def resolve(self, path: str, declaration: Declaration) -> tuple[Declaration, ...]:
        """What a use of a catalog really needs; the declaration itself when it is none, or when the
        catalog does not define it.
        """
        if declaration.constraint_kind is not ConstraintKind.CATALOG:
            return (declaration,)
        value = self._nearest(declaration.constraint, path)
        return (declaration,) if value is None else resolved(declaration, value)

    def _nearest(self, key: str, path: str) -> str | None:
        known = self._by_key.get(key)
        if not known:
            return None
        folder = posixpath.dirname(path)
        while folder and folder not in known:
            folder = posixpath.dirname(folder)
        return known.get(folder)
