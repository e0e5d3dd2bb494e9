"""How often each line of each file was run, read from the reports that `formats.coverage` reads.

Go counts statements of blocks; each line of a block counts here. The summary of Istanbul, and
reports that state nothing but counts, have no lines.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from xml.parsers import expat

from gitops_auditor.formats.coverage import MAX_BYTES, MAX_DEPTH, UnreadableReport

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
    if len(content) > MAX_BYTES:
        raise UnreadableReport(f"The report has more than {MAX_BYTES} bytes; report less.")
    start = content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()
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


def _count(text: object) -> int:
    try:
        return int(str(text))
    except ValueError:
        raise UnreadableReport(
            f"The report has {str(text)[:40]!r} where a number is expected."
        ) from None


def _lcov_lines(text: str) -> Iterator[Line]:
    source = ""
    for row in text.splitlines():
        key, _, value = row.strip().partition(":")
        if key == "SF":
            source = value
        elif key == "DA":
            number, _, rest = value.partition(",")
            yield source, _count(number), _count(rest.partition(",")[0])


def _go_lines(text: str) -> Iterator[Line]:
    for row in text.splitlines():
        place, _, rest = row.strip().rpartition(":")
        if not place or place == "mode" or not rest:
            continue
        span, _, counts = rest.partition(" ")
        first, _, last = span.partition(",")
        start, end = _count(first.partition(".")[0]), _count(last.partition(".")[0])
        if end - start > _LONGEST_BLOCK:
            raise UnreadableReport(f"A block of {place} has more than {_LONGEST_BLOCK} lines.")
        for line in range(start, end + 1):
            yield place, line, _count(counts.rpartition(" ")[2])


def _json_files(text: str) -> Iterator[FileCoverage]:
    try:
        report = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableReport(f"The report is not JSON: {error}.") from error
    files = _mapping(report.get("files")) if "totals" in report else report
    for name, value in sorted(files.items()):
        entry = _mapping(value)
        if "executed_lines" in entry:
            yield _file(name, _of_coverage_py(entry))
        elif "statementMap" in entry:
            yield _file(str(entry.get("path") or name), _of_istanbul(entry))
        elif "lines" in entry and name != "total":
            lines = _mapping(entry["lines"])
            yield FileCoverage(name, _count(lines.get("covered")), _count(lines.get("total")), {})


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _of_coverage_py(entry: Mapping[str, object]) -> dict[int, int]:
    executed, missing = entry.get("executed_lines"), entry.get("missing_lines")
    if not isinstance(executed, list) or not isinstance(missing, list):
        raise UnreadableReport("A file of the coverage.py report has no list of its lines.")
    return {**{_count(line): 1 for line in executed}, **{_count(line): 0 for line in missing}}


def _of_istanbul(entry: Mapping[str, object]) -> dict[int, int]:
    lines: dict[int, int] = {}
    hits = _mapping(entry.get("s"))
    for name, place in _mapping(entry["statementMap"]).items():
        line = _count(_mapping(_mapping(place).get("start")).get("line"))
        lines[line] = max(lines.get(line, 0), _count(hits.get(name, 0)))
    return lines


class _XmlFiles:
    """Reads Cobertura, JaCoCo and Clover as a stream; entities are refused."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._lines: list[Line] = []
        self._package = ""
        self._file = ""
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse_entity

    def read(self, content: bytes) -> list[FileCoverage]:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            message = f"{expat.ErrorString(error.code)} in line {error.lineno}"
            raise UnreadableReport(f"The report is not XML: {message}.") from error
        return _of_hits(iter(self._lines))

    def _refuse_entity(self, *_details: object) -> None:
        raise UnreadableReport("The report declares entities, which are not read.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        if len(self._path) > MAX_DEPTH or len(self._lines) > MOST_LINES:
            raise UnreadableReport("The report is too large, or nested too deeply.")
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
            self._take(attributes)

    def _take(self, attributes: Mapping[str, str]) -> None:
        outer = self._path[-2] if len(self._path) > 1 else ""
        if outer == "lines" and self._path[-3:-2] == ["class"]:
            self._add(attributes.get("number"), attributes.get("hits"))
        elif outer == "sourcefile":
            self._add(attributes.get("nr"), attributes.get("ci"))
        elif outer == "file" and attributes.get("type") == "stmt":
            self._add(attributes.get("num"), attributes.get("count"))

    def _add(self, line: str | None, hits: str | None) -> None:
        self._lines.append((self._file, _count(line), _count(hits)))

    def _end(self, _tag: str) -> None:
        self._path.pop()
