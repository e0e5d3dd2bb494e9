"""How many lines tests reached, read from the reports that test tools write.

Known are Cobertura, LCOV, JSON of coverage.py, JaCoCo, Istanbul (summary and final), Clover and Go
cover profiles; which one it is shows in the content. Go counts statements and has no lines.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from gitops_auditor.formats.coverage_reading import (
    ElementStream,
    MissingReport,
    UnreadableReport,
    beginning,
    lcov_line,
    lcov_rows,
    loaded,
    number,
)

ReportFormat = Literal["cobertura", "lcov", "coverage.py", "jacoco", "istanbul", "clover", "go"]

USUAL_PLACES: Final = (
    "coverage.xml",
    "coverage.json",
    "coverage/coverage-summary.json",
    "coverage/cobertura-coverage.xml",
    "coverage/lcov.info",
    "coverage/coverage-final.json",
    "coverage/clover.xml",
    "lcov.info",
    "clover.xml",
    "cobertura.xml",
    "target/site/jacoco/jacoco.xml",
    "build/reports/jacoco/test/jacocoTestReport.xml",
    "coverage.out",
    "cover.out",
)
"""Where tools write their reports unless told otherwise, the first one that exists is taken."""


class LineCoverage(NamedTuple):
    """Lines that tests reached, out of those that could be reached; `total` is above zero."""

    covered: int
    total: int
    format: ReportFormat

    @property
    def percent(self) -> float:
        """From 0 to 100, for showing; compare with `reaches`, which does not round."""
        return 100 * self.covered / self.total

    def reaches(self, threshold: float) -> bool:
        """Whether the share is at least `threshold` percent, exactly."""
        return 100 * self.covered >= Fraction(str(threshold)) * self.total


def find_report(files: Collection[str], report: str | None = None) -> str:
    """The report among the files of a workspace: the one named, else the first usual place.

    Raises MissingReport.
    """
    wanted = (report,) if report else USUAL_PLACES
    found = next((place for place in wanted if place in files), None)
    if found is None:
        hint = "write one there" if report else "name its place in `coverage: {report: ...}`"
        places = report or f"any of the usual places ({', '.join(USUAL_PLACES)})"
        raise MissingReport(f"There is no coverage report at {places}; {hint}.")
    return found


def read_coverage(content: bytes) -> LineCoverage:
    """The line coverage of a report. Raises UnreadableReport."""
    start = beginning(content)
    if start.startswith(b"<"):
        return _checked(_XmlReport().read(content))
    text = content.decode("utf-8-sig", errors="replace")
    if start.startswith(b"{"):
        return _checked(_json_report(text))
    if start.startswith(b"mode:"):
        return _checked(_go_profile(text))
    if re.match(rb"(?:TN|SF):", start):
        return _checked(_lcov(text))
    raise UnreadableReport("The report is of no known format; write Cobertura XML or LCOV.")


def _checked(coverage: LineCoverage) -> LineCoverage:
    if coverage.total <= 0:
        raise UnreadableReport(f"The {coverage.format} report names no lines; did the tests run?")
    if not 0 <= coverage.covered <= coverage.total:
        counts = f"{coverage.covered} of {coverage.total}"
        raise UnreadableReport(f"The {coverage.format} report contradicts itself: {counts}.")
    return coverage


def _of_hits(hits: Iterable[int], report_format: ReportFormat) -> LineCoverage:
    counts = list(hits)
    return LineCoverage(sum(1 for count in counts if count > 0), len(counts), report_format)


def _lcov(text: str) -> LineCoverage:
    lines: dict[tuple[str, int], int] = {}
    totals: dict[str, dict[str, int]] = {}
    for source, key, value in lcov_rows(text):
        if key == "DA":
            line, hits = lcov_line(value)
            lines[source, line] = max(lines.get((source, line), 0), hits)
        elif key in ("LF", "LH"):
            totals.setdefault(source, {})[key] = number(value)
    if lines:
        return _of_hits(lines.values(), "lcov")
    covered = sum(one.get("LH", 0) for one in totals.values())
    return LineCoverage(covered, sum(one.get("LF", 0) for one in totals.values()), "lcov")


# Go: `file:line.column,line.column statements count`; packages tested together repeat blocks.

_GO_BLOCK = re.compile(r"(.+:\d+\.\d+,\d+\.\d+) (\d{1,18}) (\d{1,18})", re.ASCII)


def _go_profile(text: str) -> LineCoverage:
    blocks: dict[str, tuple[int, bool]] = {}
    for count, row in enumerate(text.splitlines(), start=1):
        if not row.strip() or row.startswith("mode:"):
            continue
        found = _GO_BLOCK.fullmatch(row.strip())
        if found is None:
            raise UnreadableReport(f"Line {count} of the Go profile is not a block.")
        reached = int(found[3]) > 0 or blocks.get(found[1], (0, False))[1]
        blocks[found[1]] = (int(found[2]), reached)
    covered = sum(count for count, reached in blocks.values() if reached)
    return LineCoverage(covered, sum(count for count, _ in blocks.values()), "go")


def _json_report(text: str) -> LineCoverage:
    report = loaded(text)
    totals, total = _entry(report, "totals"), _entry(report, "total")
    if totals:
        covered, statements = totals.get("covered_lines"), totals.get("num_statements")
        return LineCoverage(number(covered), number(statements), "coverage.py")
    if total:
        lines = _entry(total, "lines")
        return LineCoverage(number(lines.get("covered")), number(lines.get("total")), "istanbul")
    return _of_hits(
        (count for one in report.values() for count in _istanbul_lines(one)), "istanbul"
    )


def _entry(value: object, key: str) -> Mapping[str, object]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _istanbul_lines(source: object) -> Iterable[int]:
    """Hits of each line where a statement starts; the best counts where several do."""
    statements, hits = _entry(source, "statementMap"), _entry(source, "s")
    if not isinstance(source, dict) or "statementMap" not in source:
        raise UnreadableReport("The JSON report is of no known format; write Cobertura or LCOV.")
    lines: dict[int, int] = {}
    for name, place in statements.items():
        line = number(_entry(place, "start").get("line"))
        lines[line] = max(lines.get(line, 0), number(hits.get(name, 0)))
    return lines.values()


_Attributes = Mapping[str, str]


class _XmlReport:
    """Counts what a report in XML says."""

    def __init__(self) -> None:
        self._file = ""
        self._root: _Attributes = {}
        self._lines: dict[tuple[str, str], int] = {}
        self._counters: list[tuple[int, int, int]] = []
        self._metrics: list[tuple[int, int]] = []

    def read(self, content: bytes) -> LineCoverage:
        ElementStream(self._opened).parse(content)
        readers: Mapping[str, Callable[[], LineCoverage]] = {
            "report": self._jacoco,
            "coverage": self._clover if self._metrics else self._cobertura,
        }
        name = self._root.get("", "")
        if name not in readers:
            raise UnreadableReport(f"<{name}> opens no known coverage report.")
        return readers[name]()

    def _opened(self, path: list[str], attributes: dict[str, str]) -> None:
        tag = path[-1]
        if len(path) == 1:
            self._root = {**attributes, "": tag}
        if tag == "class":
            self._file = attributes.get("filename", "")
        elif tag == "line" and path[-3:-1] == ["class", "lines"]:
            place = (self._file, attributes.get("number", ""))
            hits = number(attributes.get("hits", ""))
            self._lines[place] = max(self._lines.get(place, 0), hits)
        elif tag == "counter" and attributes.get("type") == "LINE":
            covered, missed = attributes.get("covered"), attributes.get("missed")
            self._counters.append((len(path), number(covered), number(missed)))
        elif tag == "metrics" and path == ["coverage", "project", "metrics"]:
            covered, total = attributes.get("coveredstatements"), attributes.get("statements")
            self._metrics.append((number(covered), number(total)))

    def _cobertura(self) -> LineCoverage:
        """The counts of the root element, else the lines of classes, which methods only repeat."""
        if "lines-valid" in self._root and "lines-covered" in self._root:
            covered = number(self._root["lines-covered"])
            return LineCoverage(covered, number(self._root["lines-valid"]), "cobertura")
        return _of_hits(self._lines.values(), "cobertura")

    def _jacoco(self) -> LineCoverage:
        """The counters nearest to the root: the report's own, else those of its groups."""
        depth = min((one[0] for one in self._counters), default=0)
        nearest = [one for one in self._counters if one[0] == depth]
        covered = sum(one[1] for one in nearest)
        return LineCoverage(covered, covered + sum(one[2] for one in nearest), "jacoco")

    def _clover(self) -> LineCoverage:
        covered = sum(one[0] for one in self._metrics)
        return LineCoverage(covered, sum(one[1] for one in self._metrics), "clover")
