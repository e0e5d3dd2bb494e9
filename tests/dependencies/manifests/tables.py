"""Facts as rows that fit a table in a test."""

from collections.abc import Callable

from gitops_auditor.dependencies.manifests.reader import ManifestFile
from gitops_auditor.dependencies.models import ManifestFacts

Read = Callable[[ManifestFile], ManifestFacts]
Row = tuple[str, str, str, str, int]


def facts(read: Read, path: str, text: str) -> ManifestFacts:
    return read(ManifestFile(path, text.encode("utf-8")))


def rows(read: Read, path: str, text: str) -> list[Row]:
    """(name, constraint, kind, scope, line) of every declaration, in order."""
    return [
        (item.name, item.constraint, item.constraint_kind.value, item.scope.value, item.line)
        for item in facts(read, path, text).declarations
    ]


def references(read: Read, path: str, text: str) -> list[str]:
    """`namespace name` of every declaration, in order."""
    found = facts(read, path, text).declarations
    return [f"{item.reference.namespace} {item.reference.name}" for item in found]


def offers(read: Read, path: str, text: str) -> list[tuple[str, str, str, int]]:
    """(namespace, name, version, line) of every provision, in order."""
    found = facts(read, path, text).provisions
    return [(*item.reference, item.version, item.line) for item in found]
