"""What the readers of coverage reports share: bounds, errors, numbers, and streams of XML."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from xml.parsers import expat

MAX_BYTES: Final = 64_000_000
MAX_DEPTH: Final = 100


class CoverageError(ValueError):
    """There is no coverage to be had; the message says why and what to do."""


class MissingReport(CoverageError):
    """No report was written where one is expected."""


class UnreadableReport(CoverageError):
    """The report is there, but it is not of a known format, damaged, too large or empty."""


def beginning(content: bytes) -> bytes:
    """What a report begins with, which shows its format. Raises UnreadableReport for its size."""
    if len(content) > MAX_BYTES:
        raise UnreadableReport(f"The report has more than {MAX_BYTES} bytes; report less.")
    return content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()


def number(value: object) -> int:
    """A count. Raises UnreadableReport for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = str(value).strip()
    if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII):
        raise UnreadableReport(f"The report has {text[:40]!r} where a count is expected.")
    return int(text)


def loaded(text: str) -> Any:
    """The JSON of a report. Raises UnreadableReport."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableReport(f"The report is not JSON: {error}.") from error


def lcov_rows(text: str) -> Iterator[tuple[str, str, str]]:
    """The rows of LCOV, as geninfo and c8 write it: each with its file, its key and its value."""
    source = ""
    for row in text.splitlines():
        key, _, value = row.strip().partition(":")
        if key == "SF":
            source = value
        yield source, key, value


def lcov_line(value: str) -> tuple[int, int]:
    """The line and its hits of a row `DA`; lines that ran less than never did not run."""
    line, _, rest = value.partition(",")
    hits = rest.partition(",")[0]
    return number(line), 0 if hits.startswith("-") else number(hits)


Opened = Callable[[list[str], dict[str, str]], None]
"""Told of each element: its path, from the root to itself, and its attributes."""


class ElementStream:
    """Reads XML as a stream; entities are refused, so that it cannot grow meanwhile."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._path: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = self._refuse_entity

    def parse(self, content: bytes) -> None:
        """Tell of every element, outer ones first. Raises UnreadableReport for what is not XML."""
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            message = f"{expat.ErrorString(error.code)} in line {error.lineno}"
            raise UnreadableReport(f"The report is not XML: {message}.") from error

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        if len(self._path) > MAX_DEPTH:
            raise UnreadableReport(f"The report is nested more than {MAX_DEPTH} deep.")
        self._opened(self._path, attributes)

    def _end(self, _tag: str) -> None:
        self._path.pop()

    def _refuse_entity(self, *_details: object) -> None:
        raise UnreadableReport("The report declares entities, which are not read.")
