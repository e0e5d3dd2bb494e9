"""Where a coverage report is: one that the gate's command wrote, in the checkout, or at the user's.

A report that is not under version control is taken from the user's own folder, but only when it is
newer than every file that it names.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from gitops_auditor.execution.collecting import read_left
from gitops_auditor.formats.coverage import USUAL_PLACES, read_coverage
from gitops_auditor.formats.coverage_files import read_files
from gitops_auditor.formats.coverage_reading import MAX_BYTES, CoverageError, MissingReport
from gitops_auditor.quality.checks.coverage_lines import Matched, Share, match_files, require_fit
from gitops_auditor.quality.checks.file_selection import sources_below
from gitops_auditor.quality.checks.written_report import Stamp, stamp
from gitops_auditor.quality.evidence import Subject
from gitops_auditor.quality.gate import Gate

Where = Literal["command", "checkout", "worktree"]
_CONTRADICTION: Final = 10
"""Percentage points by which a report's own total may be above that of its files."""


class Report(NamedTuple):
    """A report as it was found."""

    place: str
    where: Where
    content: bytes


class Read(NamedTuple):
    """A report that was understood: `share` is of the files that the gate is about."""

    report: Report
    share: Share
    matched: Matched


def places(gate: Gate) -> tuple[str, ...]:
    """Where the report may be, relative to the repository."""
    return (gate.report,) if isinstance(gate.report, str) else USUAL_PLACES


def stamps(gate: Gate, root: Path) -> Mapping[str, Stamp]:
    """What is at the places now; it blocks."""
    return {place: stamp(root, place) for place in places(gate)}


def find(gate: Gate, subject: Subject, before: Mapping[str, Stamp] | None) -> Report | None:
    """The report, None when there is none; it blocks.

    `before` are the stamps from before the command ran, None without one: then only what it wrote
    counts. Raises MissingReport when it wrote none, and Refused or TooLarge for what is no plain
    file.
    """
    if before is not None:
        now = stamps(gate, subject.root)
        written = [one for one in now if now[one] not in (before[one], Stamp())]
        if not written:
            listed = ", ".join(places(gate)[:3])
            raise MissingReport(f"The gate's command wrote no coverage report ({listed}, ...).")
        return _report(subject.root, written[0], "command")
    return _present(gate, subject.root, "checkout") or _present(gate, subject.worktree, "worktree")


def _present(gate: Gate, root: Path | None, where: Where) -> Report | None:
    if root is None:
        return None
    place = next((one for one in places(gate) if os.path.lexists(root / one)), None)
    return _report(root, place, where) if place is not None else None


def _report(root: Path, place: str, where: Where) -> Report:
    return Report(place, where, read_left(root, place, max_bytes=MAX_BYTES))


def read(gate: Gate, subject: Subject, report: Report) -> Read:
    """What the report says; it blocks. Raises CoverageError for one that cannot be trusted."""
    whole = read_coverage(report.content)
    roots = [root for root in (subject.root, subject.worktree) if root is not None]
    everything = match_files(read_files(report.content), list(sources_below(subject.root)), roots)
    require_fit(everything, subject.root)
    if report.where == "worktree" and subject.worktree is not None:
        _require_fresh(report, everything, subject.worktree)
    matched = _concerned(gate, everything)
    named = matched.share
    if named.total <= 0:
        raise CoverageError("The report knows no lines of the files that the gate is about.")
    if matched.foreign or gate.files:
        return Read(report, named, matched)
    # Go counts statements, of which a line may have many.
    if whole.format != "go" and whole.percent > named.percent + _CONTRADICTION:
        raise CoverageError(
            f"The report contradicts itself: {whole.percent:.1f} % in total, but"
            f" {named.percent:.1f} % of the lines of its files."
        )
    return Read(report, Share(whole.covered, whole.total), matched)


def _concerned(gate: Gate, matched: Matched) -> Matched:
    files = {path: one for path, one in matched.files.items() if gate.concerns(path)}
    return matched._replace(files=files)


def _require_fresh(report: Report, matched: Matched, worktree: Path) -> None:
    written = (worktree / report.place).stat(follow_symlinks=False).st_mtime_ns
    for path in matched.files:
        try:
            changed = (worktree / path).stat(follow_symlinks=False).st_mtime_ns
        except OSError:
            raise CoverageError(f"{report.place} names {path}, which is gone.") from None
        if changed > written:
            raise CoverageError(f"{report.place} is older than {path}; run the tests again.")
