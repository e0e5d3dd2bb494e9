"""What jest, vitest, mocha and node's own test runner print of failures, and node of crashes."""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from gitops_auditor.pipelines.failures.models import (
    MAX_LOCATIONS,
    Finding,
    Lines,
    Location,
    Weight,
)
from gitops_auditor.pipelines.failures.places import own, tidy

_LOOK_AHEAD: Final = 60
_MAX_FAILED: Final = 1_000
_JEST = re.compile(r" {2}● (?P<name>\S.*)")
_VITEST = re.compile(r" {0,4}FAIL {1,4}(?:\|[^|]{1,100}\| )?(?P<name>\S.* > .*)")
_MOCHA = re.compile(r" {2}(?P<number>\d{1,5})\) (?P<name>\S.*)")
_MOCHA_COUNT = re.compile(r" {2}\d{1,6} failing")
_NODE_AT = re.compile(r"test at (?P<file>[^:]{1,300}):(?P<line>\d{1,7}):(?P<column>\d{1,5})")
_NODE_NAME = re.compile(r"✖ (?P<name>.{1,500}?)(?: \([\d.]{1,20}ms\))?")
_DIRECTIVE = re.compile(r"# (?:todo|skip)\b")
_TAP = re.compile(r" {0,40}not ok \d{1,6}(?: - (?P<name>.*))?")
_TAP_AT = re.compile(r" *location: '(?P<file>[^':]{1,300}):(?P<line>\d{1,7}):(?P<column>\d{1,5})'")
_STACK = re.compile(
    r" +(?:at (?:[^()]{0,200} \()?|\u276f (?:\S{1,200} )?)"
    r"(?P<file>[^\s:()]{1,300}|file://[^\s:()]{1,300})"
    r":(?P<line>\d{1,7}):(?P<column>\d{1,5})\)?"
)
_ERROR = re.compile(
    r"(?:Uncaught )?(?P<what>[A-Z]\w{0,80}(?:Error|Exception)(?: \[\w{1,80}\])?: .+)"
)
_PLAIN = re.compile(r"(?P<what>(?:Uncaught )?Error: .+)")
_END: Final = re.compile(r"Node\.js v\d{1,3}\.")
_MODULE = re.compile(r"Cannot find (?:module|package) '(?P<name>[^']+)'")


class _Failed(NamedTuple):
    name: str
    message: str
    first: int
    last: int
    file: str
    line: int | None
    column: int | None


_Found = Iterator[_Failed]


def read_jest(lines: Lines) -> Finding | None:
    """The first test that jest marks with a bullet."""
    return _first(_marked(lines, _JEST, _is_text))


def read_vitest(lines: Lines) -> Finding | None:
    """The first test of vitest's list of failed ones."""
    return _first(_marked(lines, _VITEST, _is_text))


def read_mocha(lines: Lines) -> Finding | None:
    """The first test of the list that mocha ends with."""
    counted = [index for index, line in enumerate(lines) if _MOCHA_COUNT.match(line)]
    if not counted:
        return None
    below = [*([""] * counted[-1]), *lines[counted[-1] :]]
    failed = _marked(below, _MOCHA, _is_error)
    return _first(one._replace(name=_mocha_name(lines, one)) for one in failed)


def _mocha_name(lines: Lines, failed: _Failed) -> str:
    """The names of the suites around a test, one a line, and its own, which a colon ends."""
    parts = [failed.name]
    for line in lines[failed.first + 1 : failed.first + 10]:
        if parts[-1].endswith(":") or not line.strip():
            break
        parts.append(line.strip())
    return " ".join(parts).rstrip(":")


def _is_text(line: str) -> bool:
    return bool(line.strip())


def _is_error(line: str) -> bool:
    return _ERROR.match(line.strip()) is not None


def _marked(lines: Lines, mark: re.Pattern[str], says_why: Callable[[str], bool]) -> _Found:
    known: set[str] = set()
    for index, line in enumerate(lines):
        found = mark.fullmatch(line)
        if found is not None and found["name"] not in known:
            known.add(found["name"])
            yield _described(lines, index, found["name"], mark, says_why)


def _described(
    lines: Lines, index: int, name: str, mark: re.Pattern[str], says_why: Callable[[str], bool]
) -> _Failed:
    message, last = "", index
    for at in range(index + 1, min(index + _LOOK_AHEAD, len(lines))):
        if mark.fullmatch(lines[at]) is not None:
            break
        place = _own_frame(lines[at])
        if place is not None:
            return _Failed(name, _why(lines, index, at, message), index, at, *place)
        if _is_text(lines[at]) and message.endswith(":"):
            message, last = f"{message} {lines[at].strip()}", at
        elif not message and says_why(lines[at]):
            message, last = lines[at].strip(), at
    return _Failed(name, _why(lines, index, last + 1, message), index, last, "", None, None)


def _why(lines: Lines, start: int, end: int, message: str) -> str:
    """The message, with what was expected and received where that stands in lines of its own."""
    values = [
        line.strip()
        for line in lines[start + 1 : end]
        if line.strip().startswith(("Expected: ", "Received: "))
    ]
    return "; ".join([message, *values[:2]]) if values else message


def _own_frame(line: str) -> tuple[str, int, int] | None:
    found = _STACK.match(line)
    if found is None or not own(found["file"]):
        return None
    return tidy(found["file"]), int(found["line"]), int(found["column"])


def read_node_tests(lines: Lines) -> Finding | None:
    """The first failure that node's test runner reports, in its own format or in TAP 13."""
    return _first(_spec(lines)) or _first(_tap(lines))


def _spec(lines: Lines) -> _Found:
    for index, line in enumerate(lines[:-1]):
        place = _NODE_AT.fullmatch(line)
        found = _NODE_NAME.fullmatch(lines[index + 1]) if place else None
        if place is None or found is None:
            continue
        message, last = _spec_message(lines, index + 2)
        yield _Failed(
            found["name"], message, index, last,
            tidy(place["file"]), int(place["line"]), int(place["column"]),
        )  # fmt: skip


def _spec_message(lines: Lines, start: int) -> tuple[str, int]:
    parts: list[str] = []
    for index in range(start, min(start + _LOOK_AHEAD, len(lines))):
        text = lines[index].strip()
        if text.startswith("at ") or len(parts) == 2:
            return " ".join(parts), index
        if text:
            parts.append(text)
    return " ".join(parts), min(start + len(parts), len(lines) - 1)


def _tap(lines: Lines) -> _Found:
    for index, line in enumerate(lines):
        found = _TAP.fullmatch(line)
        # A test that is marked as not done yet may fail (TAP 14, directives).
        if found is not None and not _DIRECTIVE.search(line.lower()):
            yield _of_tap(lines, index, found["name"] or "a test")


def _of_tap(lines: Lines, start: int, name: str) -> _Failed:
    file, number, column, message, last = "", None, None, "", start
    for index in range(start + 1, min(start + _LOOK_AHEAD, len(lines))):
        text = lines[index].strip()
        last = index
        if text in ("...", "") and index > start + 2 and text:
            break
        if (place := _TAP_AT.fullmatch(lines[index])) is not None:
            file, number, column = place["file"], int(place["line"]), int(place["column"])
        elif text.startswith("error: "):
            message = _tap_message(lines, index)
    return _Failed(name, message, start, last, tidy(file), number, column)


def _tap_message(lines: Lines, index: int) -> str:
    """The text of `error:`, which may be a block of lines below it (YAML 1.2, section 8.1)."""
    text = lines[index].strip().removeprefix("error: ")
    if not text.startswith("|"):
        return text.strip("'\"")
    indent = len(lines[index]) - len(lines[index].lstrip())
    parts: list[str] = []
    for line in lines[index + 1 : index + 12]:
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        parts.append(line.strip())
    return " ".join(one for one in parts if one)


def _first(failed: _Found) -> Finding | None:
    found = [*islice(failed, _MAX_FAILED)]
    if not found:
        return None
    first = found[0]
    rest = f" And {len(found) - 1} more." if len(found) > 1 else ""
    where = f"{first.file}:{first.line}" if first.file else ""
    message = (first.message or "see its output").rstrip(".:")
    return Finding(
        weight=Weight.TEST,
        kind="test",
        cause=f"{first.name} failed: {message}.{rest}",
        first=first.first,
        last=first.last,
        locations=tuple(
            Location(one.file, one.line, one.column, f"{one.name}: {one.message}")
            for one in found[:MAX_LOCATIONS]
            if one.file
        ),
        suggestion=f"Look at {where}." if where else "",
    )


def read_node_crash(lines: Lines) -> Finding | None:
    """The error that ended node."""
    ends = [index for index, line in enumerate(lines) if _END.match(line)]
    if not ends:
        return None
    thrown = [
        (index, found["what"])
        for index in range(max(0, ends[-1] - 200), ends[-1])
        if (found := _ERROR.match(lines[index]) or _PLAIN.match(lines[index])) is not None
    ]
    if not thrown:
        return None
    index, what = thrown[0]
    frames = [one for line in lines[index : ends[-1]] if (one := _own_frame(line)) is not None]
    where = f"{frames[0][0]}:{frames[0][1]}" if frames else ""
    missing = _MODULE.search(what)
    suggestion = f"Install {missing['name']!r}, or correct its name." if missing else ""
    return Finding(
        weight=Weight.CRASH,
        kind="crash",
        cause=f"{where}: {what}" if where else what,
        first=max(0, index - 5),
        last=min(index + 3, ends[-1]),
        locations=(Location(*frames[0], what),) if frames else (),
        suggestion=suggestion or (f"Look at {where}." if where else ""),
    )
