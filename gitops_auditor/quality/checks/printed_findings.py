"""Findings in what programs print for people: file, line, and what is wrong.

They only show where to look. The verdict does not depend on them.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gitops_auditor.formats.findings import Finding, Severity

MOST: Final = 500
_MOST_LINES: Final = 20_000
_LONGEST_LINE: Final = 500
_LONGEST_MESSAGE: Final = 500

_LEVELS: Final[dict[str, Severity]] = {
    "error": "high",
    "fatal": "high",
    "warning": "medium",
    "warn": "medium",
    "note": "low",
    "info": "low",
    "style": "low",
}
_LEVEL: Final = r"(?P<level>error|fatal|warning|warn|note|info|style)"
_RULE: Final = r"(?:(?P<rule>[A-Z]+\d+):? )?"
_FILE: Final = r"(?P<file>[^\s:()\[\]\"'|>][^:()\[\]\"'|>]*)"

_ONE_LINE: Final = tuple(
    re.compile(expression)
    for expression in (
        # tsc: a.ts(1,7): error TS2322: ...
        rf"{_FILE}\((?P<line>\d+),(?P<column>\d+)\): {_LEVEL} (?P<rule>\w+): (?P<message>.+)",
        # hadolint: Dockerfile:1 DL3006 warning: ...
        rf"{_FILE}:(?P<line>\d+) (?P<rule>[A-Z]+\d+) {_LEVEL}: (?P<message>.+)",
        # biome: a.js:1:7 lint/correctness/noUnusedVariables FIXABLE ━━━
        rf"{_FILE}:(?P<line>\d+):(?P<column>\d+) (?P<rule>[a-z]+/\S+|parse)(?P<message>)\s.*━+",
        # gcc and most others: a.c:1:2: warning: ... [rule], flake8: a.py:1:2: E501 ...
        rf"{_FILE}:(?P<line>\d+)(?::(?P<column>\d+))?: (?:{_LEVEL}: )?{_RULE}(?P<message>.+)",
        # prettier and black: only the file
        r"\[(?P<level>warn)\] (?P<file>\S+\.\w+)(?P<message>)",
        r"(?:would reformat|Would reformat:) (?P<file>.+)(?P<message>)",
        # pytest: FAILED tests/test_a.py::test_x - assert ...
        r"FAILED (?P<file>[^\s:]+)::(?P<rule>\S+)(?: - (?P<message>.+))?",
    )
)
# ruff and zizmor print where it is on the line after, shellcheck before.
_MESSAGE: Final = re.compile(
    rf"(?:{_LEVEL}\[)?(?P<rule>[A-Z]+\d+|[a-z]+(?:-[a-z]+)*(?=\]?:))(?:\]:|:)?(?: \[\*\])?"
    r" (?P<message>.+)"
)
_PLACE: Final = re.compile(r"\s*--> (?P<file>.+):(?P<line>\d+):(?P<column>\d+)")
_SHELL_PLACE: Final = re.compile(r"In (?P<file>.+) line (?P<line>\d+):")
_SHELL: Final = re.compile(rf"\s*\^-*\^?-* (?P<rule>SC\d+) \({_LEVEL}\): (?P<message>.+)")
_BANDIT: Final = re.compile(r">> Issue: \[(?P<rule>B\d+)[^\]]*\] (?P<message>.+)")
_BANDIT_PLACE: Final = re.compile(r"\s+Location: (?P<file>.+):(?P<line>\d+):(?P<column>\d+)")
# eslint and yamllint: the file on a line of its own, then its findings.
_UNDER_FILE: Final = re.compile(
    rf"\s+(?P<line>\d+):(?P<column>\d+)\s+{_LEVEL}\s+(?P<message>.+?)(?:\s\s+\(?(?P<rule>\S+?)\)?)?"
)


def printed_findings(output: str, tool: str, root: Path) -> list[Finding]:
    """The findings of files that are in `root`, at most MOST, each once; it blocks."""
    found: dict[tuple[str, int | None, str, str], Finding] = {}
    for match in _matches(output):
        finding = _finding(match, tool, root)
        if finding is not None:
            key = (finding.file, finding.line, finding.rule, finding.message)
            found.setdefault(key, finding)
        if len(found) >= MOST:
            break
    return list(found.values())


def _matches(output: str) -> Iterator[dict[str, str]]:
    """The named parts of each finding."""
    before: dict[str, str] = {}
    heading = ""
    for line in output.splitlines()[:_MOST_LINES]:
        if len(line) > _LONGEST_LINE:
            continue
        if (under := _UNDER_FILE.fullmatch(line)) and heading:
            yield {**_parts(under), "file": heading}
        elif place := _SHELL_PLACE.fullmatch(line):
            before = _parts(place)
        elif (said := _SHELL.fullmatch(line)) and "file" in before:
            yield {**before, **_parts(said)}
        elif (place := _PLACE.fullmatch(line) or _BANDIT_PLACE.fullmatch(line)) and before:
            yield {**before, **_parts(place)}
        elif one := next(filter(None, (each.fullmatch(line) for each in _ONE_LINE)), None):
            yield _parts(one)
        elif said := _BANDIT.fullmatch(line) or _MESSAGE.fullmatch(line):
            before = _parts(said)
        elif line.strip() and not line[0].isspace():
            heading = line.strip()


def _parts(match: re.Match[str]) -> dict[str, str]:
    return {name: text for name, text in match.groupdict().items() if text}


def _finding(parts: dict[str, str], tool: str, root: Path) -> Finding | None:
    file = inside(parts.get("file", ""), root)
    if not file:
        return None
    message = parts.get("message", "").strip() or "It is not as the tool wants it."
    return Finding(
        tool=tool,
        rule=parts.get("rule", tool),
        severity=_LEVELS.get(parts.get("level", "error"), "high"),
        message=message[:_LONGEST_MESSAGE],
        file=file,
        line=_number(parts.get("line")),
        column=_number(parts.get("column")),
    )


def _number(text: str | None) -> int | None:
    """A line or column as people count, from 1; tools print 0 for none."""
    return int(text) if text and len(text) < 10 and int(text) > 0 else None


def inside(name: str, root: Path) -> str:
    """The name relative to `root`, with slashes; empty for what is no file of it; it blocks."""
    path = Path(name.strip()) if name.strip() else root
    try:
        relative = (path if path.is_absolute() else root / path).relative_to(root)
        is_file = ".." not in relative.parts and (root / relative).is_file()
    except (ValueError, OSError):
        return ""
    return relative.as_posix() if is_file else ""
