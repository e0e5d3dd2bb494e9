"""What was read from one repository at one commit, and the bytes in which it is kept.

A snapshot is a cache: whoever cannot read one scans again. It is valid for one `reader_version`.
"""

import json
import zlib
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from gitops_auditor import formats
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Provision,
    Reference,
    Scope,
)

NO_COMMITS: Final = ""
"""Stands for the commit of a repository that has none yet."""

UNREADABLE: Final = "unreadable"
"""Stands for the commit of a repository that could not be read; it equals no HEAD, so that the next
scan tries again."""

_TYPES: Final = {member.value: member for member in DependencyType}
_KINDS: Final = {member.value: member for member in ConstraintKind}
_SCOPES: Final = {member.value: member for member in Scope}
_COMPRESSION: Final = 1  # facts repeat themselves; higher levels cost time and save little


class FileFacts(NamedTuple):
    """What one file says. `blob` is the object id of its content."""

    path: str
    blob: str
    facts: ManifestFacts


class Gitlink(NamedTuple):
    """A submodule's entry in a tree: where it lies and the commit it is pinned to."""

    path: str
    commit: str


class RepositoryFacts(NamedTuple):
    """Everything the readers found in one repository, files in path order.

    `commit` is empty for a repository without commits and for a scan of uncommitted files.
    `problems` are those that no file's reader could report: (path, problem).
    """

    commit: str
    files: tuple[FileFacts, ...] = ()
    gitlinks: tuple[Gitlink, ...] = ()
    problems: tuple[tuple[str, Problem], ...] = ()


class UnreadableSnapshot(ValueError):
    """The stored bytes are not a snapshot of this version."""


@cache
def reader_version() -> str:
    """A digest over the code that makes facts of files and edges of facts."""
    digest = sha256()
    for package in (formats.__file__, __file__):
        for source in sorted(Path(str(package)).parent.rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def encode(facts: RepositoryFacts) -> bytes:
    """Pack a snapshot as compressed JSON."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _COMPRESSION)


def decode(packed: bytes) -> RepositoryFacts:
    """Unpack what `encode` packed. Raises UnreadableSnapshot for anything else."""
    return _decode(packed, _declarations)


def decode_offers(packed: bytes) -> RepositoryFacts:
    """As `decode`, but without the declarations, which are most of a snapshot."""
    return _decode(packed, _nothing)


_Declarations = Callable[[list[Any]], tuple[Declaration, ...]]


def _decode(packed: bytes, declarations_of: _Declarations) -> RepositoryFacts:
    try:
        commit, files, gitlinks, problems = json.loads(
            zlib.decompress(packed).decode("utf-8", "surrogatepass")
        )
        return RepositoryFacts(
            commit,
            tuple(
                FileFacts(path, blob, _facts(facts, declarations_of)) for path, blob, facts in files
            ),
            tuple(Gitlink(*link) for link in gitlinks),
            tuple((path, Problem(*problem)) for path, problem in problems),
        )
    except (zlib.error, ValueError, TypeError, KeyError) as error:
        raise UnreadableSnapshot(str(error)) from error


def _declarations(rows: list[Any]) -> tuple[Declaration, ...]:
    return tuple([_declaration(row) for row in rows])


def _nothing(_rows: list[Any]) -> tuple[Declaration, ...]:
    return ()


def _facts(row: list[Any], declarations_of: _Declarations) -> ManifestFacts:
    declarations, provisions, problems, package, members, definitions = row
    return ManifestFacts(
        declarations_of(declarations),
        tuple([Provision(Reference(*ref), *rest) for ref, *rest in provisions]),
        tuple([Problem(*item) for item in problems]),
        package,
        tuple(members),
        tuple([(key, value) for key, value in definitions]),
    )


def _declaration(row: list[Any]) -> Declaration:
    kind, name, reference, constraint, constraint_kind, scope, confidence, line = row
    return Declaration(
        _TYPES[kind],
        name,
        Reference(*reference),
        constraint,
        _KINDS[constraint_kind],
        _SCOPES[scope],
        confidence,
        line,
    )
