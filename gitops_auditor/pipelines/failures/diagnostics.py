"""Compilers, type checkers and linters: what they print about a place in a file.

Known are the line formats of gcc, clang, javac, mypy, flake8, ruff, tsc, eslint, go, rustc and
Maven.
"""

import re
from collections.abc import Iterator
from typing import Final

from gitops_auditor.pipelines.failures.models import (
    MAX_LOCATIONS,
    Finding,
    Lines,
    Location,
    Weight,
)
from gitops_auditor.pipelines.failures.places import tidy

_FILE: Final = r"(?P<file>[^\s:()\[\]][^:()\[\]]{0,300})"
_PLACE: Final = rf"{_FILE}:(?P<line>\d{{1,7}})(?::(?P<column>\d{{1,5}}))?"
_TSC: Final = r"(?P<file>[^\s:()][^:()]{0,300})\((?P<line>\d{1,7}),(?P<column>\d{1,5})\)"
_GO: Final = r"(?P<file>[^\s:]{1,300}\.go):(?P<line>\d{1,7}):(?P<column>\d{1,5})"
_MAVEN: Final = r"(?P<file>[^\s:\[]{1,300}):\[(?P<line>\d{1,7}),(?P<column>\d{1,5})\]"
_KOTLIN: Final = r"(?P<file>\S{1,300}\.kts?):(?P<line>\d{1,7}):(?P<column>\d{1,5})"
_ONE_LINE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_PLACE}: (?:fatal )?error: (?P<message>.+)",
        rf"{_PLACE}: (?P<message>[A-Z]{{1,8}}\d{{2,5}} .+)",
        rf"{_PLACE}: (?P<message>(?:SyntaxError|invalid-syntax): .+)",
        rf"{_PLACE} - error (?P<message>TS\d{{2,6}}: .+)",
        rf"{_PLACE}: (?P<message>[^\[]+\[Error/[^\]]+\])",
        rf"{_TSC}: error (?P<message>TS\d{{2,6}}: .+)",
        rf"(?:vet: )?{_GO}: (?P<message>.+)",
        rf"\[ERROR\] {_MAVEN} (?P<message>.+)",
        rf"e: {_KOTLIN} (?P<message>.+)",
    )
)
_HEADLINE = re.compile(
    r"(?P<message>(?:error(?:\[E\d{4}\])?|[A-Z]{1,8}\d{2,5}|invalid-syntax|unformatted)\b.+)"
)
_ARROW = re.compile(r" {0,12}--> (?P<file>[^:]{1,300}):(?P<line>\d{1,7}):(?P<column>\d{1,5})")
_ESLINT = re.compile(r" {1,8}(?P<line>\d{1,7}):(?P<column>\d{1,5}) +error +(?P<message>\S.*)")
_RULE = re.compile(r"(?P<message>.*?) {2,}(?P<rule>\S+)")
_FILE_LINE = re.compile(r"[^\s].{0,300}\.\w{1,10}")
_WOULD_REFORMAT = re.compile(
    r"(?:would reformat|Would reformat:|\[warn\]) (?P<file>\S.{0,300}\.\w{1,10})"
)
_LINKER = re.compile(r"(?:.{0,300}: )?undefined (?:reference to|symbol:?) .{1,300}")


def read_diagnostics(lines: Lines) -> Finding | None:
    """The objections to places in files."""
    found = [*_placed(lines)]
    if not found:
        return None
    index, first = found[0]
    last = found[min(len(found), 3) - 1][0]
    rest = f" And {len(found) - 1} more." if len(found) > 1 else ""
    place = f"{first.file}:{first.line}"
    return Finding(
        weight=Weight.CHECK,
        kind="check",
        cause=f"{place}: {first.message.rstrip('.')}.{rest}",
        first=index,
        last=last,
        locations=tuple(one for _, one in found[:MAX_LOCATIONS]),
        suggestion=f"Correct {place}, then run the same check again.",
    )


def _placed(lines: Lines) -> Iterator[tuple[int, Location]]:
    file = ""
    for index, line in enumerate(lines):
        if (found := _of_line(line)) is not None:
            yield index, found
        elif (arrow := _ARROW.match(line)) is not None and index:
            if headline := _headline(lines, index):
                yield index - 1, _location(arrow, headline)
        elif (below := _ESLINT.match(line)) is not None:
            if file:
                yield index, _of_eslint(file, below)
        elif line and not line.startswith(" "):
            file = line if _FILE_LINE.fullmatch(line) else ""


def _of_line(line: str) -> Location | None:
    if ":" not in line or not any(character.isdigit() for character in line):
        return None
    for pattern in _ONE_LINE:
        found = pattern.match(line)
        if found is not None:
            return _location(found, found["message"])
    return None


def _headline(lines: Lines, index: int) -> str:
    found = _HEADLINE.match(lines[index - 1])
    return found["message"] if found else ""


def _location(found: re.Match[str], message: str) -> Location:
    column = found["column"]
    return Location(
        tidy(found["file"]), int(found["line"]), int(column) if column else None, message.strip()
    )


def _of_eslint(file: str, found: re.Match[str]) -> Location:
    rule = _RULE.fullmatch(found["message"])
    message = f"{rule['message']} ({rule['rule']})" if rule else found["message"]
    return Location(tidy(file), int(found["line"]), int(found["column"]), message)


def read_formatting(lines: Lines) -> Finding | None:
    """Files that a formatter would write differently."""
    found = [
        (index, match["file"])
        for index, line in enumerate(lines)
        if (match := _WOULD_REFORMAT.fullmatch(line)) is not None
    ]
    if not found:
        return None
    places = tuple(Location(tidy(file), None, None, "not formatted") for _, file in found)
    return Finding(
        Weight.CHECK,
        "check",
        f"{places[0].file} is not formatted."
        + (f" And {len(places) - 1} more." if len(places) > 1 else ""),
        found[0][0],
        found[-1][0],
        places[:MAX_LOCATIONS],
        "Run the formatter and commit what it changes.",
    )


def read_linker(lines: Lines) -> Finding | None:
    """Symbols that a linker does not find."""
    for index, line in enumerate(lines):
        if "undefined" in line and _LINKER.fullmatch(line) is not None:
            suggestion = "Link the library or object that defines it."
            return Finding(Weight.CHECK, "check", line.strip(), index, index, suggestion=suggestion)
    return None
