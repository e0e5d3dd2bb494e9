"""Reports in the format of Checkstyle 4.3: of all that linters print, it names clean files too."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from gitops_auditor.linters.tool import UnreadableOutput

VERSION: Final = "4.3"


@dataclass(frozen=True, slots=True)
class Fault:
    """One `<error>`; `line` and `column` count from 1."""

    file: str
    line: int
    column: int
    severity: str
    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Checkstyle:
    """All files of a report, in its order, and what is wrong in them."""

    files: tuple[str, ...]
    faults: tuple[Fault, ...]


def parse(report: bytes) -> Checkstyle:
    """The report that an output is; raises UnreadableOutput for anything else, or only a part."""
    reader = _Reader()
    if not report.startswith(b"<?xml "):
        raise UnreadableOutput("It did not print the report that it was asked for.")
    try:
        reader.parser.Parse(report, True)
    except expat.ExpatError:
        raise UnreadableOutput("It did not print the report that it was asked for.") from None
    return Checkstyle(tuple(reader.files), tuple(reader.faults))


class _Reader:
    """Takes the elements in their order; what does not belong there is refused."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.faults: list[Fault] = []
        self._open: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._declares
        self.parser.StartElementHandler = self._starts
        self.parser.EndElementHandler = self._ends

    def _declares(self, *_: object) -> None:
        raise UnreadableOutput("It printed XML with declarations.")

    def _starts(self, tag: str, attributes: dict[str, str]) -> None:
        self._open.append(tag)
        if self._open == ["checkstyle", "file"]:
            self.files.append(_text(attributes, "name"))
        elif self._open == ["checkstyle", "file", "error"]:
            self.faults.append(_fault(self.files[-1], attributes))
        elif self._open != ["checkstyle"] or attributes.get("version") != VERSION:
            raise UnreadableOutput("It printed XML that is not the report of a linter.")

    def _ends(self, _: str) -> None:
        self._open.pop()


def _fault(file: str, error: Mapping[str, str]) -> Fault:
    return Fault(
        file=file,
        line=_number(error, "line"),
        column=_number(error, "column"),
        severity=_text(error, "severity"),
        source=error.get("source", ""),
        message=_text(error, "message"),
    )


def _text(attributes: Mapping[str, str], name: str) -> str:
    value = attributes.get(name)
    if value is None:
        raise UnreadableOutput(f"Its report lacks the {name} of what it speaks of.")
    return value


def _number(attributes: Mapping[str, str], name: str) -> int:
    value = _text(attributes, name)
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise UnreadableOutput(f"Its report has {value!r} for a {name}.")
    return max(1, int(value))
