"""Facts that were read already as rows that fit a table in a test."""

from gitops_auditor.dependencies.models import ManifestFacts

Row = tuple[str, str, str, str, int]


def rows(facts: ManifestFacts) -> list[Row]:
    """(name, constraint, kind, scope, line) of every declaration, in order."""
    return [
        (item.name, item.constraint, item.constraint_kind.value, item.scope.value, item.line)
        for item in facts.declarations
    ]


def references(facts: ManifestFacts) -> list[tuple[str, str]]:
    """(namespace, name) of what every declaration points at, in order."""
    return [(*item.reference,) for item in facts.declarations]


def offers(facts: ManifestFacts) -> list[tuple[str, str, str, int]]:
    """(namespace, name, version, line) of every provision, in order."""
    return [(*item.reference, item.version, item.line) for item in facts.provisions]
