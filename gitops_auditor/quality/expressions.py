"""The conditions that a `check` states about files, such as `README.md exists`.

A condition is a path, what has to hold for it, and maybe `and` with the next one:

    README.md exists
    .env not exists                     (or: does not exist)
    LICENSE contains /MIT|Apache/       (or: not contains; `i` after it ignores case)
    docs/*.md non-empty                 (or: is not empty)

Paths are relative to the repository, in quotes when they have spaces, and may be globs (`*` and `?`
within a folder, `**` through any). Expressions are searched for line by line and cannot be made
slow; see `formats.patterns`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from gitops_auditor.formats.pattern_syntax import PatternError
from gitops_auditor.formats.patterns import Pattern, expression, glob
from gitops_auditor.formats.written import inside_repository

MAX_CONDITIONS: Final = 20

Requirement = Literal["exists", "not exists", "contains", "not contains", "non-empty"]

_GLOB: Final = frozenset("*?[")
_PATH = re.compile(r"\"([^\"]*)\"|'([^']*)'|\S+")
_WORD = re.compile(r"\S+")
_PATTERN = re.compile(r"/((?:[^/\\]|\\.)*)/(\w*)(?=\s|$)")
_PHRASES: Final[Mapping[Requirement, re.Pattern[str]]] = {
    "exists": re.compile(r"exists?(?=\s|$)"),
    "not exists": re.compile(r"(?:not\s+exists?|does\s+not\s+exist)(?=\s|$)"),
    "contains": re.compile(r"contains?(?=\s|$)"),
    "not contains": re.compile(r"(?:not\s+contains?|does\s+not\s+contain)(?=\s|$)"),
    "non-empty": re.compile(r"(?:is\s+)?(?:non-empty|not\s+empty)(?=\s|$)"),
}
_KNOWN: Final = "`exists`, `not exists`, `contains /.../`, `not contains /.../` or `non-empty`"


class ExpressionError(ValueError):
    """Not a check that is understood. `column` counts from 1; the message names it too."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"`check`, column {column}: {message}")
        self.message, self.column = message, column


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold for one path. `written` is the expression with its slashes."""

    path: str
    requirement: Requirement
    pattern: Pattern | None = None
    written: str = ""

    @property
    def selects(self) -> Callable[[str], bool]:
        """Whether a file of this path is meant."""
        if not self.is_glob:
            return self.path.__eq__
        return glob(self.path).search

    @property
    def is_glob(self) -> bool:
        """Whether the path may name several files."""
        return not _GLOB.isdisjoint(self.path)

    @property
    def reads(self) -> bool:
        """Whether it is about what files hold, and not only about which there are."""
        return "exists" not in self.requirement


def parse_check(text: str) -> tuple[Condition, ...]:
    """The conditions of a check, all of which have to hold. Raises ExpressionError."""
    return tuple(_Parser(text).conditions())


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._skip()

    def conditions(self) -> Iterator[Condition]:
        for _ in range(MAX_CONDITIONS):
            yield self._condition()
            if self._at == len(self._text):
                return
            self._and()
        raise self._error(f"There are more than {MAX_CONDITIONS} conditions; write several gates.")

    def _condition(self) -> Condition:
        path = self._path()
        requirement = self._requirement()
        if not requirement.endswith("contains"):
            return Condition(path, requirement)
        start = self._at
        pattern = self._pattern()
        return Condition(path, requirement, pattern, self._text[start : self._at].strip())

    def _and(self) -> None:
        found = _WORD.match(self._text, self._at)
        if found is None or found[0].lower() != "and":
            raise self._error("Write `and` between two conditions, or quotes around the path.")
        self._advance(found.end())

    def _path(self) -> str:
        found = _PATH.match(self._text, self._at)
        if found is None:
            raise self._error("A path is expected here, such as README.md.")
        self._advance(found.end())
        group = found.lastindex or 0
        return self._checked(found[group], found.start(group))

    def _checked(self, path: str, start: int) -> str:
        try:
            inside = inside_repository(path).removeprefix("./").rstrip("/")
            if not _GLOB.isdisjoint(inside):
                glob(inside)
        except PatternError as error:
            raise self._error(error.message, start + error.at) from error
        except ValueError as error:
            raise self._error(str(error), start) from error
        return inside

    def _requirement(self) -> Requirement:
        for requirement, phrase in _PHRASES.items():
            found = phrase.match(self._text, self._at)
            if found is not None:
                self._advance(found.end())
                return requirement
        raise self._error(f"Say what has to hold for the path: {_KNOWN}.")

    def _pattern(self) -> Pattern:
        start = self._at
        found = _PATTERN.match(self._text, self._at)
        if found is None:
            raise self._error("Write the expression between slashes, such as /MIT/.")
        if found[2] not in ("", "i"):
            raise self._error("After an expression only `i` is known.", found.start(2))
        self._advance(found.end())
        try:
            return expression(found[1], ignore_case=found[2] == "i")
        except PatternError as error:
            raise self._error(error.message, start + 1 + error.at) from error

    def _advance(self, at: int) -> None:
        self._at = at
        self._skip()

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _error(self, message: str, at: int | None = None) -> ExpressionError:
        return ExpressionError(message, (self._at if at is None else at) + 1)
