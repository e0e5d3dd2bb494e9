"""Which files of the repository a coverage report is about, and what it says of their lines."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, NamedTuple

from gitops_auditor.formats.coverage_files import FileCoverage
from gitops_auditor.formats.coverage_reading import CoverageError, UnreadableReport
from gitops_auditor.formats.findings import Finding

MOST_FINDINGS: Final = 10
_LARGEST_SOURCE: Final = 16 * 2**20
_MOST_SHOWN: Final = 3
_MOST_LINES: Final = 12


class Share(NamedTuple):
    """Lines that tests reached, out of those that hold code."""

    covered: int
    total: int

    @property
    def percent(self) -> float:
        """From 0 to 100, for showing; `reaches` does not round."""
        return 100 * self.covered / self.total

    def reaches(self, minimum: float) -> bool:
        """Whether the share is at least `minimum` percent, exactly."""
        return 100 * self.covered >= Fraction(str(minimum)) * self.total


class Matched(NamedTuple):
    """The files of a report by their paths in the repository, and those it does not have."""

    files: Mapping[str, FileCoverage]
    foreign: tuple[str, ...]

    @property
    def share(self) -> Share:
        """Of the repository's files together."""
        known = self.files.values()
        return Share(sum(one.covered for one in known), sum(one.total for one in known))

    @property
    def hits(self) -> Mapping[str, Mapping[int, int]]:
        """By path, the lines with code and how often they were run."""
        return {path: one.hits for path, one in self.files.items() if one.hits}


def match_files(
    files: Sequence[FileCoverage], present: Collection[str], roots: Iterable[Path]
) -> Matched:
    """Find the repository's files. Raises UnreadableReport when there are none.

    Reports name files relative to the repository, to a folder of sources in it, to a Go module, or
    by absolute paths, maybe of another machine.
    """
    if not files:
        raise UnreadableReport("The report names no files; let it name each file with its lines.")
    by_name: dict[str, list[str]] = {}
    for path in present:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    known, tops = frozenset(present), [root.as_posix().rstrip("/") + "/" for root in roots]
    matched: dict[str, FileCoverage] = {}
    foreign = []
    for one in files:
        found = _place(one.path, known, by_name, tops)
        if found is None or found in matched:
            foreign.append(one.path)
        else:
            matched[found] = one
    if not matched:
        shown = ", ".join(foreign[:_MOST_SHOWN])
        raise UnreadableReport(f"The report names none of the repository's files, but {shown}.")
    return Matched(matched, tuple(foreign))


def _place(
    named: str, known: frozenset[str], by_name: Mapping[str, list[str]], tops: list[str]
) -> str | None:
    path = named.replace("\\", "/").removeprefix("file://")
    for top in tops:
        path = path.removeprefix(top)
    path = path.removeprefix("./")
    if path in known:
        return path
    parts = path.split("/")
    longer = [one for one in by_name.get(parts[-1], []) if one.endswith(f"/{path}")]
    if len(longer) == 1:
        return longer[0]
    # Absolute paths, those of Windows too, and Go modules begin with what is not of the repository.
    if path.startswith("/") or ":" in parts[0] or "." in parts[0]:
        shorter = ("/".join(parts[at:]) for at in range(1, len(parts)))
        return next((one for one in shorter if one in known), None)
    return None


def require_fit(matched: Matched, root: Path) -> None:
    """Raise CoverageError when a file has fewer lines than the report says; it blocks.

    The report is then of another version of the file.
    """
    for path, one in matched.files.items():
        last = max(one.hits, default=0)
        file = root / path
        if file.stat().st_size > _LARGEST_SOURCE:
            continue
        lines = file.read_bytes().count(b"\n") + 1
        if last > lines:
            raise CoverageError(
                f"The report is of another version: it names line {last} of {path}, which has"
                f" {lines} lines. Run the tests again."
            )


def worst_files(matched: Matched) -> list[Finding]:
    """The files with the most lines that no test reached, worst first."""
    ranked = sorted(matched.files.items(), key=lambda one: (one[1].covered - one[1].total, one[0]))
    return [
        _finding(path, min(_missed(one.hits), default=None), _sentence(one))
        for path, one in ranked[:MOST_FINDINGS]
        if one.covered < one.total
    ]


def missed_lines(missed: Mapping[str, tuple[int, ...]]) -> list[Finding]:
    """The changed lines that no test reached, by file."""
    ranked = sorted(missed.items(), key=lambda one: (-len(one[1]), one[0]))
    return [
        _finding(path, lines[0], f"No test reaches these changed lines: {_list(lines)}.")
        for path, lines in ranked[:MOST_FINDINGS]
    ]


def _missed(hits: Mapping[int, int]) -> list[int]:
    return [line for line, count in hits.items() if count <= 0]


def _sentence(one: FileCoverage) -> str:
    return f"{one.total - one.covered} of {one.total} lines are not covered."


def _list(lines: Sequence[int]) -> str:
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    return ", ".join(map(str, lines[:_MOST_LINES])) + more


def _finding(path: str, line: int | None, message: str) -> Finding:
    return Finding(
        tool="coverage",
        rule="uncovered-lines",
        severity="medium",
        message=message,
        file=path,
        line=line if line and line > 0 else None,
        fix="Write a test that reaches these lines.",
    )
