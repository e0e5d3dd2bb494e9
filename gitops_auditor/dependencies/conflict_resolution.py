"""The fewest declarations to change so that one version satisfies all. Pure."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from gitops_auditor.dependencies.versions import Candidate, Candidates


class Choice(NamedTuple):
    """A version, and the rows of the table whose declarations must change for it."""

    candidate: Candidate
    changed: tuple[int, ...]


def fewest_changes(
    table: Candidates, weights: Sequence[int], fixed: Collection[int] = ()
) -> Choice | None:
    """The version that leaves the most declarations as they are.

    `weights` counts the declarations behind each row, `fixed` are rows that may not change; None
    when no version satisfies all of these. Among equals the first candidate of the table wins.
    """
    best: Choice | None = None
    least = sum(weights) + 1
    for place, candidate in enumerate(table.candidates):
        changed = _changed(table, place)
        if changed is None or not changed.isdisjoint(fixed):
            continue
        cost = sum(weights[row] for row in changed)
        if cost < least:
            least = cost
            best = Choice(candidate, tuple(sorted(changed)))
    return best


def _changed(table: Candidates, place: int) -> set[int] | None:
    """The rows that refuse a candidate; None when the rest does not ask for its pre-releases."""
    refusing = {row for row, bits in enumerate(table.rows) if not bits >> place & 1}
    kept = [row for row in range(len(table.rows)) if row not in refusing]
    if kept and not table.common(kept) >> place & 1:
        return None
    return refusing
