"""Whether one version can satisfy many constraints: a witness, or the few that make it impossible.

Every constraint contributes the versions at which verdicts can change, so a finite table of
candidates decides a question about infinitely many versions. A row is one constraint, kept as the
bits of the candidates that it admits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key, reduce
from itertools import combinations
from operator import and_
from typing import NamedTuple

from gitops_auditor.dependencies.versions.constraint import Constraint, scheme_of
from gitops_auditor.dependencies.versions.scheme import Ordered, Reading


class Compatibility(NamedTuple):
    """`witness` is a version that satisfies all; when there is none, `blocking` is a set of
    constraints that no version satisfies together and that loses this when any one is left out.
    """

    is_compatible: bool
    witness: str | None
    blocking: tuple[Constraint, ...]


class Candidate(NamedTuple):
    """A version to try. The origins are 0 for what someone provides, 1 for what a constraint names,
    2 for the neighbours of those.
    """

    version: str
    origin: int
    is_prerelease: bool


@dataclass(frozen=True)
class Candidates:
    """The table of constraints and candidate versions. Undecidable constraints have no row.

    Candidates are sorted from the best answer to the worst: provided before named before
    neighbouring, final before pre-release, newer before older.
    """

    constraints: tuple[Constraint, ...]
    candidates: tuple[Candidate, ...]
    rows: tuple[int, ...]
    prereleases: int
    """The bits of candidates that count only beside a constraint that asks for pre-releases."""

    @classmethod
    def of(cls, constraints: Iterable[Constraint], known: Iterable[str] = ()) -> "Candidates":
        """Build the table for constraints of one ecosystem and versions that are known to exist."""
        decidable = tuple(dict.fromkeys(one for one in constraints if one.is_decidable))
        candidates = _candidates(decidable, known)
        rows = tuple(_row(_reading(one), candidates) for one in decidable)
        prereleases = sum(1 << place for place, one in enumerate(candidates) if one.is_prerelease)
        return cls(decidable, candidates, rows, prereleases)

    def common(self, members: Sequence[int]) -> int:
        """The candidates that satisfy all of the given rows, as bits."""
        bits = reduce(
            and_, (self.rows[member] for member in members), (1 << len(self.candidates)) - 1
        )
        asks = any(_reading(self.constraints[member]).admits_prereleases for member in members)
        return bits if asks else bits & ~self.prereleases

    def admitted(self, members: Sequence[int]) -> list[Candidate]:
        """The candidates that satisfy all of the given rows, the best first."""
        bits = self.common(members)
        return [one for place, one in enumerate(self.candidates) if bits >> place & 1]

    def best(self, bits: int) -> Candidate | None:
        """The best candidate among bits."""
        return self.candidates[(bits & -bits).bit_length() - 1] if bits else None

    def blocking(self, members: Sequence[int]) -> tuple[int, ...]:
        """A smallest-first proof that no version satisfies all of `members`; () when one does."""
        if self.common(members):
            return ()
        for size in (1, 2):
            for some in combinations(members, size):
                if not self.common(some):
                    return some
        return self._without_spare(list(members))

    def _without_spare(self, members: list[int]) -> tuple[int, ...]:
        for member in list(members):
            rest = [other for other in members if other != member]
            if not self.common(rest):
                members = rest
        return tuple(members)


def compatible(constraints: Sequence[Constraint], known: Iterable[str] = ()) -> Compatibility:
    """Whether one version satisfies every decidable constraint, all of one ecosystem.

    `known` are versions that exist; they are preferred as witness.
    """
    table = Candidates.of(constraints, known)
    if not table.candidates:
        return Compatibility(True, None, ())
    members = range(len(table.constraints))
    best = table.best(table.common(members))
    if best is not None:
        return Compatibility(True, best.version, ())
    blocking = tuple(table.constraints[member] for member in table.blocking(members))
    return Compatibility(False, None, blocking)


def _reading(constraint: Constraint) -> Reading:
    if constraint.reading is None:
        raise ValueError(f"{constraint.text!r} cannot be decided")
    return constraint.reading


def _candidates(constraints: Sequence[Constraint], known: Iterable[str]) -> tuple[Candidate, ...]:
    scheme = scheme_of(constraints[0].ecosystem) if constraints else None
    if scheme is None:
        return ()
    origins: dict[str, int] = {}
    readings = [_reading(one) for one in constraints]
    for origin, versions in enumerate(
        (
            sorted(known),
            [version for reading in readings for version in reading.bounds],
            [scheme.first, *(version for reading in readings for version in reading.probes)],
        )
    ):
        for version in versions:
            origins.setdefault(version, origin)
    keyed: list[tuple[Candidate, Ordered]] = []
    for version, origin in origins.items():
        key, final = scheme.order(version), scheme.order(scheme.release(version))
        if key is not None and final is not None:
            keyed.append((Candidate(version, origin, key < final), key))
    return tuple(candidate for candidate, _ in sorted(keyed, key=cmp_to_key(_preference)))


def _preference(left: tuple[Candidate, Ordered], right: tuple[Candidate, Ordered]) -> int:
    one, other = left[0], right[0]
    rank, other_rank = (one.origin, one.is_prerelease), (other.origin, other.is_prerelease)
    if rank != other_rank:
        return -1 if rank < other_rank else 1
    if left[1] < right[1] or right[1] < left[1]:
        return 1 if left[1] < right[1] else -1
    return -1 if one.version < other.version else int(one.version > other.version)


def _row(reading: Reading, candidates: Sequence[Candidate]) -> int:
    return sum(1 << place for place, one in enumerate(candidates) if reading.allows(one.version))
