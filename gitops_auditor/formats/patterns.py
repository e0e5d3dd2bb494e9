"""Regular expressions and globs that cannot be made slow, whatever the pattern and the text.

Python's `re` backtracks, and both branch names and definitions come from strangers. These patterns
are sets of states that walk the text once, so time is bounded by pattern length times text length.
What needs backtracking (backreferences, lookaround) is therefore refused.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from gitops_auditor.formats.pattern_syntax import (
    ANY,
    EMPTY,
    END,
    START,
    Alternatives,
    Characters,
    Element,
    PatternError,
    Repeat,
    Sequence,
    parse_expression,
)

MAX_TEXT: Final = 4_096
"""Longer texts are not matched: the caller has to treat the answer as not known."""
_MAX_STATES: Final = 2_000
_MAX_CACHED: Final = 2_000

States = frozenset[int]


class Pattern:
    """A compiled pattern; what it learns while matching is kept, within a limit."""

    def __init__(self, element: Element) -> None:
        self._moves: list[list[tuple[Characters, int]]] = []
        self._free: list[list[int]] = []
        self._at_start: list[list[int]] = []
        self._at_end: list[list[int]] = []
        self._begin = self._state()
        self._accept = self._build(element, self._begin)
        self._steps: dict[tuple[States, str], States] = {}
        self._first = self._closure([self._begin], self._at_start)
        self._again = self._closure([self._begin])

    def search(self, text: str) -> bool:
        """Whether the pattern occurs in the text. Raises ValueError above MAX_TEXT characters."""
        if len(text) > MAX_TEXT:
            raise ValueError(f"The text has {len(text)} characters; the limit is {MAX_TEXT}.")
        states = self._first
        for character in text:
            if self._accept in states:
                return True
            states = self._step(states, character)
        return self._accept in self._closure(states, self._at_end, self._anchors(text))

    def _anchors(self, text: str) -> list[list[int]] | None:
        return None if text else self._at_start

    def _step(self, states: States, character: str) -> States:
        key = (states, character)
        found = self._steps.get(key)
        if found is None:
            targets = (
                target
                for state in states
                for characters, target in self._moves[state]
                if characters.holds(character)
            )
            found = self._closure(targets) | self._again
            if len(self._steps) >= _MAX_CACHED:
                self._steps.clear()
            self._steps[key] = found
        return found

    def _closure(self, states: Iterable[int], *anchors: list[list[int]] | None) -> States:
        """What is reached without reading a character."""
        edges = [self._free, *(one for one in anchors if one is not None)]
        reached = set(states)
        waiting = list(reached)
        while waiting:
            state = waiting.pop()
            for table in edges:
                for target in table[state]:
                    if target not in reached:
                        reached.add(target)
                        waiting.append(target)
        return frozenset(reached)

    def _state(self) -> int:
        if len(self._moves) >= _MAX_STATES:
            raise PatternError("The pattern is too large; shorten it or its repetitions.", 0)
        self._moves.append([])
        for table in (self._free, self._at_start, self._at_end):
            table.append([])
        return len(self._moves) - 1

    def _link(self, table: list[list[int]], source: int) -> int:
        target = self._state()
        table[source].append(target)
        return target

    def _build(self, element: Element, source: int) -> int:
        """Add the states of an element after `source`; returns the state it ends in."""
        if isinstance(element, Characters):
            target = self._state()
            self._moves[source].append((element, target))
            return target
        if isinstance(element, Sequence):
            for part in element.parts:
                source = self._build(part, source)
            return source
        if isinstance(element, Alternatives):
            return self._build_alternatives(element, source)
        if isinstance(element, Repeat):
            return self._build_repeat(element, source)
        table = {START: self._at_start, END: self._at_end, EMPTY: self._free}[element]
        return self._link(table, source)

    def _build_alternatives(self, element: Alternatives, source: int) -> int:
        ends = [self._build(option, self._link(self._free, source)) for option in element.options]
        target = self._state()
        for end in ends:
            self._free[end].append(target)
        return target

    def _build_repeat(self, element: Repeat, source: int) -> int:
        for _ in range(element.least):
            source = self._build(element.part, source)
        if element.most is None:
            loop = self._link(self._free, source)
            self._free[self._build(element.part, loop)].append(loop)
            return self._link(self._free, loop)
        skips = [source]
        for _ in range(element.most - element.least):
            source = self._build(element.part, source)
            skips.append(source)
        target = self._state()
        for skip in skips:
            self._free[skip].append(target)
        return target


@lru_cache(maxsize=256)
def expression(text: str, *, ignore_case: bool = False) -> Pattern:
    """Compile a regular expression that is searched for, without its slashes.

    Known are literals, `.`, classes, `\\d \\w \\s`, groups, `|`, `* + ? {m,n}`, `^` and `$`.
    Raises PatternError.
    """
    return Pattern(parse_expression(text, ignore_case=ignore_case))


@lru_cache(maxsize=256)
def glob(text: str) -> Pattern:
    """Compile a glob that has to match a whole name or path.

    `*` and `?` stay within a path segment, `**` crosses them (`**/` also stands for no folder at
    all), `[abc]` is one of, `\\` takes the next character as it is. Raises PatternError.
    """
    return Pattern(Sequence((START, *_glob_elements(text), END)))


def _glob_elements(text: str) -> Iterable[Element]:
    inside = Characters(((ord("/"), ord("/")),), negated=True)
    at = 0
    while at < len(text):
        if text.startswith("**/", at):
            yield Repeat(Sequence((Repeat(ANY, 0, None), Characters.of("/"))), 0, 1)
            at += 3
        elif text.startswith("**", at):
            yield Repeat(ANY, 0, None)
            at += 2
        elif text[at] == "*":
            yield Repeat(inside, 0, None)
            at += 1
        elif text[at] == "?":
            yield inside
            at += 1
        elif text[at] == "[" and "]" in text[at + 2 :]:
            end = text.index("]", at + 2) + 1
            yield _glob_class(text[at:end], at)
            at = end
        else:
            at += 1 if text[at] == "\\" and at + 1 < len(text) else 0
            yield Characters.of(text[at])
            at += 1


def _glob_class(text: str, at: int) -> Element:
    try:
        return parse_expression(text.replace("[!", "[^", 1))
    except PatternError as error:
        raise PatternError(error.message, at + error.at) from error
