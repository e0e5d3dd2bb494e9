"""What a catalog of one file tells the other files of its repository.

Cargo's `[workspace.dependencies]` and Gradle's version catalogs name dependencies once. A use is a
declaration of kind CATALOG whose constraint is the key in the `definitions` of the catalog's file;
`resolved` turns the use and the definition into what is really needed. Other catalogs define
a version only and do not use this form.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import ConstraintKind, Declaration, Reference

_FIELD: Final = "\t"
_KINDS: Final = {kind.value: kind for kind in ConstraintKind}


class CatalogEntry(NamedTuple):
    """One dependency that a catalog names."""

    name: str
    reference: Reference
    constraint: str
    kind: ConstraintKind


def encoded(entries: Iterable[CatalogEntry]) -> str:
    """The value of a definition: one line an entry, several for a bundle."""
    return "\n".join(
        _FIELD.join((entry.name, *entry.reference, entry.kind, entry.constraint))
        for entry in entries
    )


def resolved(use: Declaration, definition: str) -> tuple[Declaration, ...]:
    """`use` with name, reference and constraint of its definition: one declaration an entry.

    A definition that is not of this form leaves the use as it is.
    """
    found = [_entry(line) for line in definition.split("\n")]
    if None in found:
        return (use,)
    return tuple(
        use._replace(
            name=entry.name,
            reference=entry.reference,
            constraint=entry.constraint,
            constraint_kind=entry.kind,
        )
        for entry in found
        if entry is not None
    )


def _entry(line: str) -> CatalogEntry | None:
    fields = line.split(_FIELD)
    if len(fields) != 5 or fields[3] not in _KINDS:
        return None
    name, namespace, target, kind, constraint = fields
    return CatalogEntry(name, Reference(namespace, target), constraint, _KINDS[kind])
