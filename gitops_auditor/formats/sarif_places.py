"""Where the results of a SARIF run are: files below a root, lines and columns."""

from typing import NamedTuple

from gitops_auditor.formats.artifact_uris import path_below
from gitops_auditor.formats.sarif_nodes import (
    Object,
    UnreadableSarif,
    as_object,
    index,
    objects,
    optional_object,
    position,
    text,
    values,
)


class Place(NamedTuple):
    """`file` is relative to the root, empty for what has no file. Numbers count from 1."""

    file: str = ""
    line: int | None = None
    column: int | None = None
    end_line: int | None = None


class Places:
    """Resolves the locations of one run (3.4, 3.14.14, 3.14.15, 3.28, 3.29, 3.30)."""

    def __init__(self, run: Object, root: str) -> None:
        self._root = root
        self._bases = optional_object(run, "originalUriBaseIds")
        self._artifacts = objects(run, "artifacts") if "artifacts" in run else None

    def of(self, result: Object) -> Place:
        """The first place of a result; one without a file or without any location is empty.

        Raises UnreadableSarif for a place in a file that is not named or not below the root.
        """
        found = objects(result, "locations")
        if not found or "physicalLocation" not in found[0]:
            return Place()
        physical = optional_object(found[0], "physicalLocation")
        if "artifactLocation" not in physical:
            raise UnreadableSarif("A result has a place, but no file.")
        file = self._path(optional_object(physical, "artifactLocation"))
        region = optional_object(physical, "region")
        line, end = position(region, "startLine"), position(region, "endLine")
        if line is not None and end is not None and end < line:
            raise UnreadableSarif(f"A result begins at line {line} and ends at line {end}.")
        return Place(file, line, position(region, "startColumn"), end)

    def artifacts(self) -> frozenset[str] | None:
        """Files that were looked at: those that are called targets (3.24.6), else all of them.

        Those that are outside of the root or inside of another file are left out.
        """
        if self._artifacts is None:
            return None
        targets = [one for one in self._artifacts if "analysisTarget" in values(one, "roles")]
        located = [one for one in targets or self._artifacts if "location" in one]
        found = (self._looked_at(optional_object(one, "location")) for one in located)
        return frozenset(path for path in found if path)

    def _looked_at(self, location: Object) -> str:
        try:
            return self._path({key: location[key] for key in location if key != "index"})
        except UnreadableSarif:
            return ""

    def _path(self, location: Object) -> str:
        at = index(location, "index")
        if "uri" not in location and at is not None:
            return self._path_of_artifact(at)
        if "uri" not in location:
            raise UnreadableSarif("A result has a place in a file without a name.")
        references = [text(location, "uri")]
        if "uriBaseId" in location:
            references = [*self._base(text(location, "uriBaseId"), ()), *references]
        try:
            return path_below(self._root, references)
        except ValueError as error:
            raise UnreadableSarif(str(error)) from None

    def _path_of_artifact(self, at: int) -> str:
        if self._artifacts is None or at >= len(self._artifacts):
            raise UnreadableSarif(f"A result is in the file of index {at}, which is not there.")
        location = optional_object(self._artifacts[at], "location")
        return self._path({key: location[key] for key in location if key != "index"})

    def _base(self, name: str, inner: tuple[str, ...]) -> list[str]:
        """The references that a base stands for; one without a URI is the root (3.14.14)."""
        if name in inner:
            raise UnreadableSarif(f"The base {name[:80]!r} of URIs is defined by itself.")
        if name not in self._bases:
            return []
        base = as_object(self._bases[name], "A base of URIs")
        outer = text(base, "uriBaseId") if "uriBaseId" in base else None
        before = self._base(outer, (*inner, name)) if outer is not None else []
        return [*before, text(base, "uri")] if "uri" in base else before
