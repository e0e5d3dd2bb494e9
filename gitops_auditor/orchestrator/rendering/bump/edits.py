"""Edits a manifest in place: the constraint is replaced where it stands, and the reader of the
manifest is asked whether that changed what it was meant to, and nothing else. Pure.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple

from gitops_auditor.dependencies.manifests.catalog_entries import resolved
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Reference,
    Scope,
)
from gitops_auditor.dependencies.reading import ManifestIndex, read_manifest
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.bump.places import Place, places

MOST_EDITS: Final = 1_000
"""Of one file."""

_NPM_CATALOG: Final = "catalog:"
_INDEX: Final = ManifestIndex()

Matches = Callable[[Declaration], bool]
Wanted = Callable[[Declaration], str]
"""What a declaration is to ask for; what it asks for now when it is to stay."""


class Edit(NamedTuple):
    """A constraint that was changed, and the names of others that state their version with it."""

    line: int
    name: str
    old: str
    new: str
    shared_with: tuple[str, ...] = ()


class Edited(NamedTuple):
    """A file's new content and what was changed in it."""

    content: bytes
    edits: tuple[Edit, ...]


class _State(NamedTuple):
    """A text and what it says: of what is edited, and of everything else."""

    text: str
    ours: tuple[Declaration, ...]
    others: Counter[Declaration]
    problems: int


def declarations(facts: ManifestFacts) -> tuple[Declaration, ...]:
    """What a file declares, the entries of npm catalogs included; those have line 0."""
    return (*facts.declarations, *_catalog(facts))


def _catalog(facts: ManifestFacts) -> list[Declaration]:
    use = Declaration(
        DependencyType.NPM,
        "",
        Reference("npm", ""),
        "",
        ConstraintKind.CATALOG,
        Scope.BUILD,
        1.0,
        0,
    )
    entries = [
        entry
        for key, value in facts.definitions
        if key.startswith(_NPM_CATALOG)
        for entry in resolved(use, value)
    ]
    return [entry for entry in entries if entry.name]


def edited(path: str, content: bytes, matches: Matches, wanted: Wanted) -> Edited:
    """The file with each matching declaration at what is wanted of it; every other byte is kept.

    Raises WorkFailed, naming file and line, when a constraint is not found or when no edit changes
    it alone; and what `wanted` raises.
    """
    state = _state(path, content.decode("utf-8", "surrogateescape"), matches)
    made: list[Edit] = []
    while len(made) < MOST_EDITS:
        due = next((item for item in state.ours if wanted(item) != item.constraint), None)
        if due is None:
            return Edited(state.text.encode("utf-8", "surrogateescape"), tuple(made))
        state, edit = _moved(path, state, due, matches, wanted)
        made.append(edit)
    raise _unable(path, state.ours[0], f"it is declared more than {MOST_EDITS} times")


def _state(path: str, text: str, matches: Matches) -> _State:
    content = text.encode("utf-8", "surrogateescape")
    facts = read_manifest(_INDEX.readers(path), path, content)
    found = declarations(facts)
    ours = tuple(item for item in found if matches(item))
    return _State(
        text, ours, Counter(item for item in found if not matches(item)), len(facts.problems)
    )


def _moved(
    path: str, state: _State, due: Declaration, matches: Matches, wanted: Wanted
) -> tuple[_State, Edit]:
    """The text after one replacement. What states several versions at once is only changed when
    there is no place that states this one alone.
    """
    new = wanted(due)
    shared: tuple[_State, Edit] | None = None
    for place in places(state.text, due, new):
        after = _state(path, _replaced(state.text, place), matches)
        verdict = _verdict(state, after, due, new, wanted)
        edit = Edit(_line(state.text, place), due.name, due.constraint, new)
        if verdict == "alone":
            return after, edit
        if verdict == "shared" and shared is None:
            shared = after, edit._replace(shared_with=_changed_names(state, after))
    if shared is None:
        raise _unable(path, due, "no place was found that states it alone")
    return shared


def _replaced(text: str, place: Place) -> str:
    return text[: place.start] + place.replacement + text[place.end :]


def _line(text: str, place: Place) -> int:
    return text.count("\n", 0, place.start) + 1


def _verdict(
    before: _State, after: _State, due: Declaration, new: str, wanted: Wanted
) -> Literal["no", "alone", "shared"]:
    if after.problems != before.problems or not _has_moved(before, after, due, new):
        return "no"
    known = {text for item in before.ours for text in (item.constraint, wanted(item))}
    if any(item.constraint not in known for item in after.ours):
        return "no"
    if after.others == before.others:
        return "alone"
    return "shared" if _moved_alike(before, after, due, new) else "no"


def _has_moved(before: _State, after: _State, due: Declaration, new: str) -> bool:
    """Whether a line asks for the new constraint once more and for the old one once less.

    Readers that tell equal uses once tell the second one no more when it equals an earlier one.
    """
    if _at(after, due, due.constraint) >= _at(before, due, due.constraint):
        return False
    is_told_before = any(
        item.constraint == new and item.reference == due.reference and item.line < due.line
        for item in after.ours
    )
    return _at(after, due, new) > _at(before, due, new) or is_told_before


def _at(state: _State, due: Declaration, constraint: str) -> int:
    """How often the line of a declaration asks for a constraint."""
    return sum(
        item.type is due.type and item.line == due.line and item.constraint == constraint
        for item in state.ours
    )


def _moved_alike(before: _State, after: _State, due: Declaration, new: str) -> bool:
    """Whether all others that changed went from and to the same as the one that was meant."""
    gone, come = before.others - after.others, after.others - before.others
    expected = Counter(item._replace(constraint=new) for item in gone.elements())
    return expected == come and all(item.constraint == due.constraint for item in gone)


def _changed_names(before: _State, after: _State) -> tuple[str, ...]:
    return tuple(sorted({item.name for item in before.others - after.others}))


def _unable(path: str, declaration: Declaration, reason: str) -> WorkFailed:
    return WorkFailed(
        f"{path}:{declaration.line}: {declaration.name} {declaration.constraint} cannot be changed"
        f" in place: {reason}.",
        hint="Change it by hand, or with a script, and plan again.",
    )


def pinned_by_hash(content: bytes, declarations_: Sequence[Declaration]) -> list[Declaration]:
    """The declarations whose logical lines pin hashes, as requirements files of pip-tools do."""
    if b"--hash=" not in content:
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    return [item for item in declarations_ if "--hash=" in _logical_line(lines, item.line)]


def _logical_line(lines: Sequence[str], number: int) -> str:
    taken: list[str] = []
    for line in lines[max(number - 1, 0) :]:
        taken.append(line)
        if not line.endswith("\\"):
            break
    return " ".join(taken)
