"""From a path and its content to what the file says: who reads it, and reading it. Pure."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha1
from typing import Any, Final, NamedTuple

from gitops_auditor.dependencies.manifests.file_scope import is_test_data
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.readers import READERS
from gitops_auditor.dependencies.models import ManifestFacts, Problem
from gitops_auditor.log import get_logger

_FAULTS: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a fault in a reader raises. One file must not end the scan of all others."""

TEST_DATA_CONFIDENCE: Final = 0.5
"""A manifest among the data of tests is an example of one; what it asks for, nobody installs."""

_log = get_logger(__name__)


class ManifestIndex:
    """Finds the readers of a path fast: most files of a repository are claimed by none."""

    def __init__(self, readers: Sequence[ManifestReader] = READERS) -> None:
        self._readers = readers
        self._by_name: dict[str, tuple[ManifestReader, ...]] = {}
        for reader in readers:
            for name in reader.names:
                self._by_name[name] = (*self._by_name.get(name, ()), reader)
        self._by_extension: dict[str, _Candidates] = {}

    def readers(self, path: str) -> tuple[ManifestReader, ...]:
        """Every reader that claims the path, each once."""
        name = path.rpartition("/")[2]
        extension = name.rpartition(".")[2]
        candidates = self._by_extension.get(extension)
        if candidates is None:
            candidates = self._by_extension[extension] = self._candidates(extension)
        found = self._by_name.get(name, ())
        for suffixes, reader in candidates.by_suffix:
            if name.endswith(suffixes):
                found = (*found, reader)
        for suffixes, claims, reader in candidates.by_claim:
            if name.endswith(suffixes) and claims(path):
                found = (*found, reader)
        return found if len(found) < 2 else tuple(dict.fromkeys(found))

    def _candidates(self, extension: str) -> "_Candidates":
        return _Candidates(
            tuple(
                (reader.suffixes, reader)
                for reader in self._readers
                if _may_end(extension, reader.suffixes)
            ),
            tuple(
                (reader.claim_suffixes, reader.claims, reader)
                for reader in self._readers
                if reader.claims is not None and _may_end(extension, reader.claim_suffixes)
            ),
        )


class _Candidates(NamedTuple):
    """The readers that a name with some extension has to be shown to."""

    by_suffix: tuple[tuple[tuple[str, ...], ManifestReader], ...]
    by_claim: tuple[tuple[tuple[str, ...], Callable[[str], bool], ManifestReader], ...]


def _may_end(extension: str, suffixes: Sequence[str]) -> bool:
    """Whether a name whose part behind the last dot is `extension` can end with a suffix."""
    return any(
        extension == suffix.rpartition(".")[2] if "." in suffix else extension.endswith(suffix)
        for suffix in suffixes
    )


def read_manifest(readers: Iterable[ManifestReader], path: str, content: bytes) -> ManifestFacts:
    """What all `readers` say of the file, in one. Text that no database takes is replaced."""
    file = ManifestFile(path, content)
    facts = [_read(reader, file) for reader in readers]
    merged = facts[0] if len(facts) == 1 else _merged(facts)
    if merged.declarations and is_test_data(path):
        merged = _doubted(merged)
    # Only an escape or a NUL can bring in what is not text: a lone surrogate, a zero character.
    if b"\\" in content or b"\0" in content:
        cleaned: ManifestFacts = _storable(merged)
        return cleaned
    return merged


def blob_id(content: bytes) -> str:
    """The id that git gives to a file of this content (SHA-1 repositories)."""
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _read(reader: ManifestReader, file: ManifestFile) -> ManifestFacts:
    try:
        return reader.read(file)
    except _FAULTS as error:
        _log.exception("a manifest reader failed", reader=reader.name, file=file.path)
        message = f"The {reader.name} reader failed on this file: {type(error).__name__}: {error}"
        return ManifestFacts(problems=(Problem(message, 0, 0),))


def _merged(facts: Sequence[ManifestFacts]) -> ManifestFacts:
    return ManifestFacts(
        tuple(item for part in facts for item in part.declarations),
        tuple(item for part in facts for item in part.provisions),
        tuple(dict.fromkeys(item for part in facts for item in part.problems)),
        next((part.package for part in facts if part.package), ""),
        tuple(item for part in facts for item in part.members),
        tuple(item for part in facts for item in part.definitions),
    )


def _doubted(facts: ManifestFacts) -> ManifestFacts:
    doubted = (
        item._replace(confidence=min(item.confidence, TEST_DATA_CONFIDENCE))
        for item in facts.declarations
    )
    return facts._replace(declarations=tuple(doubted))


def _storable(value: Any) -> Any:
    if type(value) is str:  # not an enumeration's member
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
    if isinstance(value, tuple):
        parts = [_storable(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value
