"""What cargo, go, JUnit and Gradle print of tests that failed, and of panics."""

import re

from gitops_auditor.pipelines.failures.models import (
    MAX_LOCATIONS,
    Finding,
    Lines,
    Location,
    Weight,
)
from gitops_auditor.pipelines.failures.places import own, tidy

_RUST_PANIC = re.compile(
    r"thread '(?P<name>[^']{0,300})' (?:\(\d{1,20}\) )?panicked at (?P<file>[^:]{1,300})"
    r":(?P<line>\d{1,7}):(?P<column>\d{1,5}):"
)
_GO_FAIL = re.compile(r" {0,40}--- FAIL: (?P<name>\S{1,300}) \([\d.]{1,20}s\)")
_GO_AT = re.compile(r" {2,40}(?P<file>[^\s:]{1,300}\.go):(?P<line>\d{1,7}): (?P<message>.*)")
_GO_PANIC = re.compile(r"(?:panic|fatal error): (?P<message>.+)")
_GO_FRAME = re.compile(r"\s{1,8}(?P<file>\S{1,300}\.go):(?P<line>\d{1,7})(?: \+0x[0-9a-f]{1,16})?")
_SUREFIRE = re.compile(
    r"\[ERROR\] {2,6}(?P<name>[\w$.]{1,300}):(?P<line>\d{1,7})(?:->\S{1,300})? (?P<message>.+)"
)
_GRADLE = re.compile(r"(?P<name>[\w$.]{1,300} > .{1,300}) FAILED")
_GRADLE_AT = re.compile(
    r" {4,12}(?P<message>[\w.$]{1,300}(?:Error|Exception|Failed\w{0,40})(?:: .*)?)"
    r"(?: at (?P<file>[\w$]{1,200}\.\w{1,10}):(?P<line>\d{1,7}))?"
)
_GRADLE_FRAME = re.compile(r".{0,600} at (?P<file>[\w$]{1,200}\.\w{1,10}):(?P<line>\d{1,7})")


def _test(
    name: str, message: str, span: tuple[int, int], places: list[Location], *, count: int = 1
) -> Finding:
    rest = f" And {count - 1} more." if count > 1 else ""
    suggestion = f"Look at {places[0].file}:{places[0].line}." if places else ""
    return Finding(
        Weight.TEST,
        "test",
        f"{name} failed: {(message or 'see its output').rstrip('.')}.{rest}",
        *span,
        tuple(places[:MAX_LOCATIONS]),
        suggestion,
    )


def read_rust_panic(lines: Lines) -> Finding | None:
    """The first panic of a Rust program or test."""
    for index, line in enumerate(lines):
        found = _RUST_PANIC.match(line)
        if found is not None:
            message = "; ".join(one.strip() for one in lines[index + 1 : index + 4] if _tells(one))
            place = Location(tidy(found["file"]), int(found["line"]), int(found["column"]), message)
            return _test(found["name"], message, (index, index + 3), [place])
    return None


def _tells(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("stack backtrace", "note:"))


def read_go_tests(lines: Lines) -> Finding | None:
    """The innermost first test of Go that failed, else a panic."""
    failed = [index for index, line in enumerate(lines) if _GO_FAIL.fullmatch(line)]
    for index in failed:
        below = _below(lines, index)
        if below:
            name = _GO_FAIL.fullmatch(lines[index])
            places = [
                Location(one["file"], int(one["line"]), None, one["message"]) for one in below
            ]
            title = name["name"] if name else ""
            last = index + len(below)
            return _test(title, below[0]["message"], (index, last), places, count=len(failed))
    return _go_panic(lines)


def _go_place(found: re.Match[str]) -> Location:
    return Location(found["file"], int(found["line"]), None, found["message"])


def _below(lines: Lines, index: int) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    for line in lines[index + 1 : index + 40]:
        if _GO_FAIL.fullmatch(line) or not line.startswith(" "):
            break
        if (at := _GO_AT.fullmatch(line)) is not None:
            found.append(at)
    return found


def _go_panic(lines: Lines) -> Finding | None:
    if not any(line.startswith("goroutine ") for line in lines):
        return None
    for index, line in enumerate(lines):
        found = _GO_PANIC.match(line)
        if found is None:
            continue
        frames = [_GO_FRAME.fullmatch(one) for one in lines[index : index + 80]]
        places = [
            Location(tidy(one["file"]), int(one["line"]), None, found["message"])
            for one in frames
            if one is not None and own(one["file"])
        ][:1]
        where = f"{places[0].file}:{places[0].line}: " if places else ""
        cause = f"{where}{found['message']}"
        return Finding(Weight.CRASH, "crash", cause, index, index + 6, tuple(places))
    return None


def read_surefire(lines: Lines) -> Finding | None:
    """The first test that Maven's report lists. Java names classes, so the file is the class's."""
    found = [
        (index, one)
        for index, line in enumerate(lines)
        if (one := _SUREFIRE.fullmatch(line)) is not None
    ]
    if not found:
        return None
    places = [
        Location(f"{one['name'].partition('.')[0]}.java", int(one["line"]), None, one["message"])
        for _, one in found
    ]
    index, first = found[0]
    return _test(first["name"], first["message"], (index, index), places, count=len(found))


def read_gradle(lines: Lines) -> Finding | None:
    """The first test that Gradle marks as failed, else what it says went wrong."""
    for index, line in enumerate(lines[:-1]):
        name = _GRADLE.fullmatch(line)
        why = _GRADLE_AT.match(lines[index + 1]) if name else None
        if name is not None and why is not None:
            frames = [_GRADLE_FRAME.match(one) for one in lines[index + 1 : index + 4]]
            places = [
                Location(one["file"], int(one["line"]), None, why["message"])
                for one in frames
                if one is not None
            ][:1]
            return _test(name["name"], why["message"], (index, index + 2), places)
    for index, line in enumerate(lines[:-1]):
        if line == "* What went wrong:":
            said = lines[index + 1].strip()
            return Finding(Weight.COMMAND, "check", said, index, index + 3)
    return None
