"""How well tests reach the lines that a change touches, and when that says nothing.

A condition on new code is not applied to changes of fewer than SMALL_CHANGE lines: one line that no
test can reach is more than 5 percent of them.
"""

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

SMALL_CHANGE: Final = 20

ChangedLines = Mapping[str, Collection[int]]
"""By path, the lines (from 1) that a commit added or changed."""
LineHits = Mapping[str, Mapping[int, int]]
"""By path, how often each line was run; lines that hold no code are not there."""


class NewCodeCoverage(NamedTuple):
    """The changed lines, those of them that hold code, and those of these that tests reached.

    `missed` are the lines of code that no test reached, by path. `unlisted` are changed files that
    the report does not know, which may be texts, or code that no test loads.
    """

    changed: int
    code: int
    covered: int
    missed: Mapping[str, tuple[int, ...]]
    unlisted: tuple[str, ...]

    @property
    def percent(self) -> float | None:
        """From 0 to 100, for showing; None without code. `reaches` does not round."""
        return 100 * self.covered / self.code if self.code else None

    def reaches(self, minimum: float) -> bool:
        """Whether the share is at least `minimum` percent, exactly; there has to be code."""
        return bool(self.code) and 100 * self.covered >= Fraction(str(minimum)) * self.code


def new_code_coverage(changed: ChangedLines, hits: LineHits) -> NewCodeCoverage:
    """What a report says of the lines that a change touches. Paths are relative to one root."""
    missed = {path: lines for path in sorted(changed) if (lines := _missed(changed, hits, path))}
    return NewCodeCoverage(
        changed=sum(len(set(lines)) for lines in changed.values()),
        code=sum(len(list(_code(changed, hits, path))) for path in changed),
        covered=sum(
            hits[path][line] > 0 for path in changed for line in _code(changed, hits, path)
        ),
        missed=missed,
        unlisted=tuple(sorted(path for path in changed if changed[path] and path not in hits)),
    )


def not_applied(coverage: NewCodeCoverage) -> str | None:
    """Why a condition on new code says nothing of a change, as a sentence; None when it does."""
    if coverage.changed < SMALL_CHANGE:
        return (
            f"The change has {coverage.changed} lines; coverage of new code is judged from"
            f" {SMALL_CHANGE} lines."
        )
    if not coverage.code:
        return "The coverage report knows none of the changed lines as code."
    return None


def _code(changed: ChangedLines, hits: LineHits, path: str) -> Iterator[int]:
    known = hits.get(path, {})
    return (line for line in sorted(set(changed[path])) if line in known)


def _missed(changed: ChangedLines, hits: LineHits, path: str) -> tuple[int, ...]:
    return tuple(line for line in _code(changed, hits, path) if not hits[path][line])
