"""How many lines a job's tests reached, by the report that they left in the checkout."""

import os
from pathlib import Path
from typing import NamedTuple

from gitops_auditor.execution.collecting import read_left
from gitops_auditor.formats.coverage import USUAL_PLACES, LineCoverage, find_report, read_coverage
from gitops_auditor.formats.coverage_reading import MAX_BYTES
from gitops_auditor.pipelines.fields import Coverage


class Measured(NamedTuple):
    """A report, by its path in the checkout, and what it says."""

    report: str
    lines: LineCoverage

    def shortfall(self, threshold: float) -> str:
        """A sentence with both figures when fewer lines were reached; else empty."""
        if self.lines.reaches(threshold):
            return ""
        return f"{self.sentence} That is less than the {threshold:g} % asked for."

    @property
    def sentence(self) -> str:
        """The figures."""
        reached = f"{self.lines.covered} of {self.lines.total}"
        return f"Tests reach {self.lines.percent:.2f} % of lines ({reached}, {self.report})."


def measure(checkout: Path, working_directory: str | None, wanted: Coverage) -> Measured:
    """The coverage of a job; it blocks.

    A report is named relative to the repository; the usual places are those of the working
    directory, then those of the repository. Raises CoverageError, and Refused or TooLarge for a
    report that is not a plain file.
    """
    base = working_directory or "."
    places = (wanted.report,) if wanted.report else _usual_places(base)
    present = [place for place in places if os.path.lexists(checkout / place)]
    if wanted.report is None and present:
        report = present[0]
    else:
        report = find_report(present, wanted.report)
    content = read_left(checkout, report, max_bytes=MAX_BYTES)
    return Measured(report, read_coverage(content))


def _usual_places(base: str) -> tuple[str, ...]:
    own = (str(Path(base) / place) for place in USUAL_PLACES)
    return tuple(dict.fromkeys((*own, *USUAL_PLACES)))
