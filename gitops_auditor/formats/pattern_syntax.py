"""The syntax of regular expressions, as far as it can be matched in linear time."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

_MAX_LENGTH: Final = 500
_MAX_REPEAT: Final = 100
_MAX_DEPTH: Final = 30


class PatternError(ValueError):
    """Not a pattern that is understood; `at` is the 0-based offset in the pattern."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


class Assertion(Enum):
    """An element that reads no character."""

    START = "^"
    END = "$"
    EMPTY = ""


START, END, EMPTY = Assertion.START, Assertion.END, Assertion.EMPTY
_Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Characters:
    """One character out of ranges of code points, or one that is in none of them."""

    ranges: tuple[_Range, ...]
    negated: bool = False
    ignore_case: bool = False

    @staticmethod
    def of(character: str, *, ignore_case: bool = False) -> "Characters":
        """Exactly this character."""
        return Characters(((ord(character), ord(character)),), ignore_case=ignore_case)

    def holds(self, character: str) -> bool:
        """Whether the character is one of these."""
        spellings = {character}
        if self.ignore_case:
            spellings |= {character.lower(), character.upper()}
        codes = [ord(one) for one in spellings if len(one) == 1]
        return self.negated != any(
            low <= code <= high for code in codes for low, high in self.ranges
        )


@dataclass(frozen=True, slots=True)
class Sequence:
    """One element after another."""

    parts: tuple["Element", ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Any one of several elements."""

    options: tuple["Element", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """An element at least and at most so many times; no limit when `most` is None."""

    part: "Element"
    least: int
    most: int | None


Element = Characters | Sequence | Alternatives | Repeat | Assertion

ANY: Final = Characters((), negated=True)
_DOT: Final = Characters(((10, 10),), negated=True)
_CLASSES: Final[dict[str, tuple[_Range, ...]]] = {
    "d": ((48, 57),),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "s": ((9, 13), (32, 32)),
}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_PUNCTUATION: Final = frozenset(r"\/.^$|?*+()[]{}-'" + '"#&~@!%,:;<=>_` ')


def parse_expression(text: str, *, ignore_case: bool = False) -> Element:
    """Read a regular expression. Raises PatternError with the place."""
    if len(text) > _MAX_LENGTH:
        raise PatternError(f"The pattern has more than {_MAX_LENGTH} characters.", _MAX_LENGTH)
    return _Parser(text, ignore_case).parse()


class _Parser:
    def __init__(self, text: str, ignore_case: bool) -> None:  # noqa: FBT001
        self._text = text
        self._ignore_case = ignore_case
        self._at = 0
        self._depth = 0

    def parse(self) -> Element:
        element = self._alternatives()
        if self._at < len(self._text):
            raise PatternError("A `)` closes nothing; write `\\)` for the character.", self._at)
        return element

    def _peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _next(self, what: str) -> str:
        if self._at >= len(self._text):
            raise PatternError(f"The pattern ends where {what} is expected.", self._at)
        self._at += 1
        return self._text[self._at - 1]

    def _alternatives(self) -> Element:
        options = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Alternatives(tuple(options))

    def _sequence(self) -> Element:
        parts: list[Element] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return Sequence(tuple(parts)) if parts else EMPTY

    def _repeated(self, element: Element) -> Element:
        start = self._at
        bounds = self._bounds()
        if bounds is None:
            return element
        if isinstance(element, Assertion):
            raise PatternError("There is nothing to repeat here.", start)
        if self._peek() == "?":  # the lazy forms match the same texts
            self._at += 1
        if self._peek() in ("*", "+", "?"):
            raise PatternError("A repetition cannot follow another one.", self._at)
        return Repeat(element, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        character = self._peek()
        if character in simple:
            self._at += 1
            return simple[character]
        return self._counted() if character == "{" else None

    def _counted(self) -> tuple[int, int | None]:
        start = self._at
        end = self._text.find("}", start)
        low, comma, high = self._text[start + 1 : end].partition(",")
        if end < 0 or not _is_count(low) or (high and not _is_count(high)):
            raise PatternError("Write a repetition as `{2}`, `{2,}` or `{2,5}`.", start)
        least = int(low)
        most = (int(high) if high else None) if comma else least
        if max(least, most or 0) > _MAX_REPEAT or (most is not None and most < least):
            raise PatternError(f"Repetitions go from low to high, at most {_MAX_REPEAT}.", start)
        self._at = end + 1
        return least, most

    def _atom(self) -> Element:
        start = self._at
        character = self._next("a character")
        if character == "(":
            return self._group(start)
        if character == "[":
            return self._class(start)
        if character == "\\":
            return self._escape()
        if character in "^$":
            return START if character == "^" else END
        if character in "*+?{":
            raise PatternError(f"There is nothing to repeat before `{character}`.", start)
        return _DOT if character == "." else self._one(character)

    def _one(self, character: str) -> Characters:
        return Characters.of(character, ignore_case=self._ignore_case)

    def _group(self, start: int) -> Element:
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._peek() == "?":
            raise PatternError("Lookaround and named groups are not supported.", start)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise PatternError(f"Groups are nested more than {_MAX_DEPTH} deep.", start)
        element = self._alternatives()
        if self._peek() != ")":
            raise PatternError("This `(` is not closed.", start)
        self._at += 1
        self._depth -= 1
        return element

    def _escape(self) -> Characters:
        ranges, negated = self._escaped()
        return Characters(ranges, negated, self._ignore_case)

    def _escaped(self) -> tuple[tuple[_Range, ...], bool]:
        start = self._at - 1
        character = self._next("an escaped character")
        if character.lower() in _CLASSES:
            return _CLASSES[character.lower()], character.isupper()
        literal = _CONTROLS.get(character, character if character in _PUNCTUATION else None)
        if literal is None:
            raise PatternError(f"`\\{character}` is not supported.", start)
        return ((ord(literal), ord(literal)),), False

    def _class(self, start: int) -> Characters:
        negated = self._peek() == "^"
        self._at += negated
        ranges: list[_Range] = []
        first = self._at
        while self._peek() != "]" or self._at == first:
            if not self._peek():
                raise PatternError("This `[` is not closed.", start)
            ranges += self._class_item()
        self._at += 1
        return Characters(tuple(ranges), negated, self._ignore_case)

    def _class_item(self) -> tuple[_Range, ...]:
        start = self._at
        low = self._class_character()
        is_range = self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in ("", "]")
        if not is_range:
            return low
        self._at += 1
        high = self._class_character()
        if len(low) != 1 or len(high) != 1 or low[0][0] > high[0][0]:
            raise PatternError("A range goes from a lower character to a higher one.", start)
        return ((low[0][0], high[0][0]),)

    def _class_character(self) -> tuple[_Range, ...]:
        start = self._at
        character = self._next("a character")
        if character != "\\":
            return ((ord(character), ord(character)),)
        ranges, negated = self._escaped()
        if negated:
            raise PatternError("Write `[^...]` instead of a negated class inside one.", start)
        return ranges


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3
