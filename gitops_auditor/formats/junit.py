"""JUnit XML, as test tools write it and hosts of code show it; no standard defines it.

Cases are counted from what stands in the report. What the report says of its own counts is only
compared with that, since a part that was lost shows in nothing else.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal
from xml.parsers import expat

MAX_BYTES: Final = 64_000_000
MAX_DEPTH: Final = 100
MOST_CHARACTERS: Final = 2_000
"""Of a message; what is longer is cut off."""

Outcome = Literal["passed", "failed", "error", "skipped"]

_COUNTS: Final = {"tests": "tests", "failures": "failure", "errors": "error", "skipped": "skipped"}
_NOT_RUN: Final = ("notrun", "disabled", "skipped", "suppressed")


class UnreadableJunit(ValueError):
    """The report cannot be trusted to tell of all cases; the message is a sentence of why."""


@dataclass(frozen=True, slots=True)
class JunitCase:
    """One test, or one thing that was looked at.

    `failed` is a finding or an assertion, `error` is one that could not be carried out. `message`
    says why for each outcome but passed. `line` counts as the tool counts.
    """

    name: str
    classname: str = ""
    outcome: Outcome = "passed"
    message: str = ""
    file: str = ""
    line: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class JunitSuite:
    """Cases that belong together, to be written; for a validation a gate with its tools."""

    name: str
    cases: Sequence[JunitCase]


@dataclass(frozen=True, slots=True)
class JunitReport:
    """What a report tells. `tests` counts all cases, each with one outcome; it may be zero.

    `cases` are those that failed or could not be carried out, in their order.
    """

    tests: int
    failures: int
    errors: int
    skipped: int
    cases: tuple[JunitCase, ...]


def read_junit(content: bytes) -> JunitReport:
    """All cases of a report.

    Raises UnreadableJunit for what is no whole report, is larger or deeper than allowed, declares a
    document type (entities can make it grow or name other files), holds cases or failures where
    nobody looks for them, or tells other counts than it has cases.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableJunit(f"The report has more than {MAX_BYTES} bytes.")
    reader = _Reader()
    reader.read(content)
    outcomes = reader.outcomes
    return JunitReport(
        tests=outcomes.total(),
        failures=outcomes["failed"],
        errors=outcomes["error"],
        skipped=outcomes["skipped"],
        cases=tuple(reader.cases),
    )


@dataclass(slots=True)
class _Suite:
    """`own` counts what stands directly in it, `all` also what is in suites in it.

    What a case is sure to be counted as, and what it may be counted as, differ: some tools count
    elements, and a case can hold several.
    """

    tag: str
    stated: dict[str, str]
    own: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)

    def check(self) -> None:
        for name, element in _COUNTS.items():
            text = self.stated.get(name)
            if text is None:
                continue
            if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) is None:
                raise UnreadableJunit(f"The report says {name}={text[:40]!r}, which is no count.")
            least = (self.own if self.tag == "testsuite" else self.all)[f"sure {element}"]
            if not least <= int(text) <= self.all[element]:
                shown = self.all[element]
                raise UnreadableJunit(f"The report says {name}={text}, but shows {shown} of them.")


class _Reader:
    """Reads a report as a stream."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.cases: list[JunitCase] = []
        self._path: list[str] = []
        self._suites: list[_Suite] = []
        self._case: dict[str, str] = {}
        self._results: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._take_text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def read(self, content: bytes) -> None:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            message = f"{expat.ErrorString(error.code)} in line {error.lineno}"
            raise UnreadableJunit(f"The report is not XML: {message}.") from error
        except LookupError as error:
            raise UnreadableJunit("The report is in an unknown encoding.") from error

    def _refuse_doctype(self, *_details: object) -> None:
        raise UnreadableJunit("The report declares a document type, which is not read.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        outer = self._path[-1] if self._path else ""
        self._path.append(tag)
        if len(self._path) > MAX_DEPTH:
            raise UnreadableJunit(f"The report is nested more than {MAX_DEPTH} deep.")
        if not outer and tag not in ("testsuites", "testsuite"):
            raise UnreadableJunit(f"<{tag[:80]}> opens no JUnit report.")
        if tag in ("testsuites", "testsuite"):
            self._require(tag, outer, ("", "testsuites", "testsuite"))
            self._suites.append(_Suite(tag, attributes))
        elif tag == "testcase":
            self._require(tag, outer, ("testsuites", "testsuite"))
            self._case, self._results = attributes, []
        elif tag in ("failure", "error", "skipped"):
            self._require(tag, outer, ("testcase",))
            self._results.append((tag, attributes.get("message", "")))
            self._text = []

    def _require(self, tag: str, outer: str, places: Sequence[str]) -> None:
        if outer not in places:
            raise UnreadableJunit(f"A <{tag}> of the report stands in <{outer[:80]}>.")

    def _take_text(self, text: str) -> None:
        if self._results and self._path[-1] == self._results[-1][0]:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        self._path.pop()
        if tag in ("failure", "error", "skipped"):
            said = self._results[-1][1] or "".join(self._text).strip()
            self._results[-1] = (tag, said[:MOST_CHARACTERS])
        elif tag == "testcase":
            self._end_case()
        elif tag in ("testsuites", "testsuite"):
            ended = self._suites.pop()
            ended.check()
            if self._suites:
                self._suites[-1].all.update(ended.all)

    def _end_case(self) -> None:
        told = {tag for tag, _ in self._results}
        sure = [f"sure {tag}" for tag in told] if len(told) == 1 else []
        counted = Counter(["tests", "sure tests", *sure, *(tag for tag, _ in self._results)])
        outcome = _outcome(told, self._case)
        if outcome == "skipped" and not told:
            counted["skipped"] += 1
        self._suites[-1].own.update(counted)
        self._suites[-1].all.update(counted)
        self.outcomes[outcome] += 1
        if outcome in ("failed", "error"):
            wanted = "error" if outcome == "error" else "failure"
            message = next(said for tag, said in self._results if tag == wanted)
            self.cases.append(_case(self._case, outcome, message))
        self._results = []


def _outcome(told: set[str], attributes: dict[str, str]) -> Outcome:
    if "error" in told:
        return "error"
    if "failure" in told:
        return "failed"
    # GoogleTest names those that are disabled by attributes alone.
    words = {attributes.get("status", "").lower(), attributes.get("result", "").lower()}
    return "skipped" if "skipped" in told or words & set(_NOT_RUN) else "passed"


def _case(attributes: dict[str, str], outcome: Outcome, message: str) -> JunitCase:
    line = attributes.get("line", "")
    is_line = re.fullmatch(r"0*[1-9][0-9]{0,8}", line, re.ASCII)
    return JunitCase(
        name=attributes.get("name", ""),
        classname=attributes.get("classname", ""),
        outcome=outcome,
        message=message,
        file=attributes.get("file", ""),
        line=int(line) if is_line else None,
        seconds=_seconds(attributes.get("time", "")),
    )


def _seconds(text: str) -> float:
    """Nothing depends on it, so that what is no time is none."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and seconds >= 0 else 0.0
