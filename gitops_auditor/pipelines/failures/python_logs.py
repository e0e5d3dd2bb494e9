"""What pytest, unittest and Python itself print of failures."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from gitops_auditor.pipelines.failures.models import (
    MAX_LOCATIONS,
    Finding,
    Lines,
    Location,
    Weight,
)
from gitops_auditor.pipelines.failures.places import own, tidy

_SECTION = re.compile(r"={3,} (?P<title>[A-Za-z ]+?) ={3,}")
_TEST = re.compile(r"_{3,} (?P<name>\S.*?) _{3,}")
_REPORTED = re.compile(r"E {1,12}(?P<message>\S.*)")
_AT = re.compile(r"(?P<file>[^\s:][^:]{0,300}):(?P<line>\d{1,7}): ?(?P<what>.*)")
_SUMMARY = re.compile(
    r"(?:FAILED|ERROR) (?P<file>[^\s:]{1,300})(?:::(?P<test>.+?))?(?: - (?P<why>.+))?"
)
_USAGE = re.compile(r"ERROR: (?P<message>(?:file or directory )?not found: .+|usage: .+|Error: .+)")
_UNITTEST = re.compile(r"(?:FAIL|ERROR): (?P<name>\S.*)")
_FRAME = re.compile(r' {2,12}File "(?P<file>[^"]{1,300})", line (?P<line>\d{1,7})')
_RAISED = re.compile(r"(?:[A-Za-z_][\w.]{0,200})(?:: .*)?")
_START: Final = "Traceback (most recent call last):"
_MODULE = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '(?P<name>[^']+)'")


def _suggestion(message: str, place: str) -> str:
    missing = _MODULE.search(message)
    if missing is not None:
        return f"Install the package that provides {missing['name']!r}, or correct the import."
    return f"Look at {place}." if place else ""


class _Failed(NamedTuple):
    """A test that failed: its name, why, and where."""

    name: str
    first: int
    last: int
    message: str
    file: str
    line: int | None

    @property
    def location(self) -> Location:
        """The place, with what went wrong."""
        return Location(tidy(self.file), self.line, None, f"{self.name}: {self.message}")


def read_pytest(lines: Lines) -> Finding | None:
    """The first test that failed, and the places of the others."""
    found = [*_sections(lines)] or [*_summary(lines)]
    return _of_tests(found) if found else None


def _of_tests(found: list[_Failed]) -> Finding:
    first = found[0]
    rest = f" And {len(found) - 1} more." if len(found) > 1 else ""
    place = f"{tidy(first.file)}:{first.line}" if first.line else tidy(first.file)
    return Finding(
        weight=Weight.TEST,
        kind="test",
        cause=f"{_said(first.name)}: {first.message}.{rest}",
        first=first.first,
        last=first.last,
        locations=tuple(one.location for one in found[:MAX_LOCATIONS] if one.file),
        suggestion=_suggestion(first.message, place),
    )


def _said(name: str) -> str:
    """Pytest names what is no test by a sentence, such as `ERROR collecting test_a.py`."""
    is_sentence = name.startswith("ERROR ")
    return name.replace("ERROR ", "Error ", 1) if is_sentence else f"{name} failed"


def _sections(lines: Lines) -> Iterator[_Failed]:
    """The parts of `FAILURES` and `ERRORS` that each test has."""
    inside = False
    start: int | None = None
    for index, line in enumerate(lines):
        section = _SECTION.fullmatch(line) if line.startswith("===") else None
        test = _TEST.fullmatch(line) if inside and line.startswith("___") else None
        if section is None and test is None:
            continue
        if start is not None:
            yield _of_section(lines, start, index)
        start = index if test is not None else None
        if section is not None:
            inside = section["title"] in ("FAILURES", "ERRORS")
    if start is not None:
        yield _of_section(lines, start, len(lines))


def _of_section(lines: Lines, start: int, end: int) -> _Failed:
    title = _TEST.fullmatch(lines[start])
    name = title["name"] if title else ""
    message, what, last, file, number = "", "", start, "", None
    for index in range(start + 1, end):
        line = lines[index]
        if line.startswith("---"):
            break
        if (reported := _REPORTED.fullmatch(line)) is not None:
            message, last = message or reported["message"], index
        elif (at := _AT.fullmatch(line)) is not None and own(at["file"]):
            file, number, what, last = at["file"], int(at["line"]), at["what"], index
    message = (message or what or "see its output").rstrip(".")
    return _Failed(name, start, last, message, file, number)


def _summary(lines: Lines) -> Iterator[_Failed]:
    has_summary = any("short test summary info" in line for line in lines)
    for index, line in enumerate(lines):
        usage = _USAGE.fullmatch(line)
        if usage is not None:
            yield _Failed("pytest", index, index, usage["message"], "", None)
        found = _SUMMARY.fullmatch(line) if has_summary else None
        if found is not None:
            why = (found["why"] or "see its output").rstrip(".")
            yield _Failed(found["test"] or found["file"], index, index, why, found["file"], None)


def read_unittest(lines: Lines) -> Finding | None:
    """The first test that failed, from the report that unittest ends with."""
    found = [
        _of_unittest(lines, index, header["name"])
        for index, line in enumerate(lines[:-2])
        if (header := _UNITTEST.fullmatch(line)) is not None
        and lines[index + 1].startswith("-----")
    ]
    return _of_tests(found) if found else None


def _of_unittest(lines: Lines, index: int, name: str) -> _Failed:
    place, message, last = _raised(lines, index + 2)
    file, number = place or ("", None)
    return _Failed(name.partition(" ")[0], index, last, message.rstrip("."), file, number)


def read_traceback(lines: Lines) -> Finding | None:
    """The exception that ended the program: the last one, which nothing caught."""
    starts = [index for index, line in enumerate(lines) if line == _START]
    if not starts:
        return _syntax_error(lines)
    place, message, last = _raised(lines, starts[-1])
    return _crashed(place, message, starts[-1], last)


def _syntax_error(lines: Lines) -> Finding | None:
    for index, line in enumerate(lines):
        if line.startswith(("SyntaxError: ", "IndentationError: ", "TabError: ")):
            frames = [one for one in range(max(0, index - 4), index) if _FRAME.match(lines[one])]
            place = _place(lines[frames[-1]]) if frames else None
            return _crashed(place, line, frames[-1] if frames else index, index)
    return None


def _crashed(place: tuple[str, int] | None, message: str, first: int, last: int) -> Finding:
    where = f"{tidy(place[0])}:{place[1]}" if place else ""
    locations = (Location(tidy(place[0]), place[1], None, message),) if place else ()
    cause = f"{where}: {message}" if where else message
    return Finding(
        Weight.CRASH, "crash", cause, first, last, locations, _suggestion(message, where)
    )


def _raised(lines: Lines, start: int) -> tuple[tuple[str, int] | None, str, int]:
    """The innermost frame of the project, what was raised, and the line that says so."""
    place: tuple[str, int] | None = None
    outermost: tuple[str, int] | None = None
    for index in range(start, min(start + 500, len(lines))):
        line = lines[index]
        frame = _place(line)
        if frame is not None:
            outermost = outermost or frame
            place = frame if own(frame[0]) else place
        elif line and line != _START and not line.startswith((" ", "|", "+")):
            message = line if _RAISED.fullmatch(line) else line.strip()
            return place or outermost, message, index
    return place or outermost, "an exception", min(start + 499, len(lines) - 1)


def _place(line: str) -> tuple[str, int] | None:
    found = _FRAME.match(line)
    return (found["file"], int(found["line"])) if found else None
