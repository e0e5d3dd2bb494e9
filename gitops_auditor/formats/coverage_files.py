"""How often each line of each file was run, read from the reports that `formats.coverage` reads.

Go counts statements of blocks; each line of a block counts here. The summary of Istanbul, and
reports that state nothing but counts, have no lines.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gitops_auditor.formats.coverage_reading import (
    ElementStream,
    UnreadableReport,
    beginning,
    lcov_line,
    lcov_rows,
    loaded,
    number,
)

MOST_LINES: Final = 5_000_000
_LONGEST_BLOCK: Final = 10_000


class FileCoverage(NamedTuple):
    """A file as the report names it. `hits` says of each line with code how often it was run.

    `covered` and `total` are of its lines, or what the report says where it names no lines.
    """

    path: str
    covered: int
    total: int
    hits: Mapping[int, int]


def read_files(content: bytes) -> list[FileCoverage]:
    """The files of a report by their paths. Raises UnreadableReport."""
    start = beginning(content)
    if start.startswith(b"<"):
        return _XmlFiles().read(content)
    text = content.decode("utf-8-sig", errors="replace")
    if start.startswith(b"{"):
        return list(_json_files(text))
    return _of_hits(_go_lines(text) if start.startswith(b"mode:") else _lcov_lines(text))


Line = tuple[str, int, int]
"""A file, a line of it, and how often it was run."""


def _of_hits(lines: Iterator[Line]) -> list[FileCoverage]:
    """The best count of a line counts, as for the report as a whole."""
    files: dict[str, dict[int, int]] = {}
    for count, (path, line, hits) in enumerate(lines):
        if count > MOST_LINES:
            raise UnreadableReport(f"The report has more than {MOST_LINES} lines; report less.")
        known = files.setdefault(path, {})
        known[line] = max(known.get(line, 0), hits)
    return [_file(path, hits) for path, hits in sorted(files.items())]


def _file(path: str, hits: Mapping[int, int]) -> FileCoverage:
    return FileCoverage(path, sum(1 for count in hits.values() if count > 0), len(hits), hits)


def _lcov_lines(text: str) -> Iterator[Line]:
    for source, key, value in lcov_rows(text):
        if key == "DA":
            yield source, *lcov_line(value)


def _go_lines(text: str) -> Iterator[Line]:
    for row in text.splitlines():
        place, _, rest = row.strip().rpartition(":")
        if not place or place == "mode" or not rest:
            continue
        span, _, counts = rest.partition(" ")
        first, _, last = span.partition(",")
        start, end = number(first.partition(".")[0]), number(last.partition(".")[0])
        if end - start > _LONGEST_BLOCK:
            raise UnreadableReport(f"A block of {place} has more than {_LONGEST_BLOCK} lines.")
        for line in range(start, end + 1):
            yield place, line, number(counts.rpartition(" ")[2])


def _json_files(text: str) -> Iterator[FileCoverage]:
    report = loaded(text)
    files = _mapping(report.get("files")) if "totals" in report else report
    for name, value in sorted(files.items()):
        entry = _mapping(value)
        if "executed_lines" in entry:
            yield _file(name, _of_coverage_py(entry))
        elif "statementMap" in entry:
            yield _file(str(entry.get("path") or name), _of_istanbul(entry))
        elif "lines" in entry and name != "total":
            lines = _mapping(entry["lines"])
            yield FileCoverage(name, number(lines.get("covered")), number(lines.get("total")), {})


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _of_coverage_py(entry: Mapping[str, object]) -> dict[int, int]:
    executed, missing = entry.get("executed_lines"), entry.get("missing_lines")
    if not isinstance(executed, list) or not isinstance(missing, list):
        raise UnreadableReport("A file of the coverage.py report has no list of its lines.")
    return {**{number(line): 1 for line in executed}, **{number(line): 0 for line in missing}}


def _of_istanbul(entry: Mapping[str, object]) -> dict[int, int]:
    lines: dict[int, int] = {}
    hits = _mapping(entry.get("s"))
    for name, place in _mapping(entry["statementMap"]).items():
        line = number(_mapping(_mapping(place).get("start")).get("line"))
        lines[line] = max(lines.get(line, 0), number(hits.get(name, 0)))
    return lines


class _XmlFiles:
    """Reads the lines of Cobertura, JaCoCo and Clover."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._package = ""
        self._file = ""

    def read(self, content: bytes) -> list[FileCoverage]:
        ElementStream(self._opened).parse(content)
        return _of_hits(iter(self._lines))

    def _opened(self, path: list[str], attributes: dict[str, str]) -> None:
        tag = path[-1]
        name = attributes.get("name", "")
        if tag == "package":
            self._package = name
        elif tag == "class" and "filename" in attributes:
            self._file = attributes["filename"]
        elif tag == "file":
            self._file = attributes.get("path") or name
        elif tag == "sourcefile":
            self._file = f"{self._package}/{name}" if self._package else name
        elif tag == "line":
            self._take(path, attributes)

    def _take(self, path: list[str], attributes: Mapping[str, str]) -> None:
        outer = path[-2] if len(path) > 1 else ""
        if outer == "lines" and path[-3:-2] == ["class"]:
            self._add(attributes.get("number"), attributes.get("hits"))
        elif outer == "sourcefile":
            self._add(attributes.get("nr"), attributes.get("ci"))
        elif outer == "file" and attributes.get("type") == "stmt":
            self._add(attributes.get("num"), attributes.get("count"))

    def _add(self, line: str | None, hits: str | None) -> None:
        if len(self._lines) > MOST_LINES:
            raise UnreadableReport(f"The report has more than {MOST_LINES} lines; report less.")
        self._lines.append((self._file, number(line), number(hits)))
