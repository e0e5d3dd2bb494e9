"""Reads GitHub's expressions: what stands between `${{` and `}}`, and in `if:`."""

import re
from typing import Final, NamedTuple

MAX_LENGTH: Final = 4_000
_MAX_DEPTH: Final = 40
_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_][\w-]*(?:\.(?:[A-Za-z_][\w-]*|\*))*)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<text>'(?:[^']|'')*')
      | (?P<operator>==|!=|<=|>=|&&|\|\||[!()<>,]))""",
    re.VERBOSE | re.ASCII,
)
_POWER: Final = {"||": 1, "&&": 2, "==": 3, "!=": 3}


class NotUnderstood(ValueError):
    """An expression, or a part of one, that has no counterpart here."""


class Constant(NamedTuple):
    """A text, number, boolean or null, as text."""

    text: str


class Reference(NamedTuple):
    """A value of a context, such as `github.ref`."""

    path: str


class Call(NamedTuple):
    """A function and what it is given."""

    function: str
    arguments: tuple["Part", ...]


class Negation(NamedTuple):
    """`!`."""

    operand: "Part"


class Operation(NamedTuple):
    """`&&`, `||`, `==` or `!=`."""

    operator: str
    left: "Part"
    right: "Part"


Part = Constant | Reference | Call | Negation | Operation


def parse_expression(text: str) -> Part:
    """The tree of an expression. Raises NotUnderstood."""
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise NotUnderstood("it is too long")
        self._tokens = [*_tokens(text)]
        self._at = 0
        self._depth = 0

    def parse(self) -> Part:
        found = self._operation(0)
        if self._peek():
            raise NotUnderstood(f"`{self._peek()}` is not understood")
        return found

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _operation(self, power: int) -> Part:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotUnderstood("it is nested too deeply")
        left = self._operand()
        while (binding := _POWER.get(self._peek(), 0)) > power:
            left = Operation(self._next(), left, self._operation(binding))
        self._depth -= 1
        return left

    def _operand(self) -> Part:
        symbol = self._next()
        if symbol == "!":
            return Negation(self._operation(max(_POWER.values())))
        if symbol == "(":
            inside = self._operation(0)
            self._expect(")")
            return inside
        if symbol.startswith("'"):
            return Constant(symbol[1:-1].replace("''", "'"))
        if symbol in ("true", "false", "null"):
            return Constant("" if symbol == "null" else symbol)
        if symbol[:1].isdigit() or symbol.startswith("-"):
            return Constant(symbol)
        if not symbol[:1].isalpha() and not symbol.startswith("_"):
            raise NotUnderstood(f"`{symbol}` is not understood" if symbol else "it ends too early")
        return self._call(symbol) if self._peek() == "(" else Reference(symbol)

    def _call(self, function: str) -> Part:
        self._next()
        arguments: list[Part] = []
        while self._peek() != ")":
            arguments.append(self._operation(0))
            if self._peek() == ",":
                self._next()
            elif self._peek() != ")":
                raise NotUnderstood(f"`{function}(` is not closed")
        self._next()
        return Call(function.lower(), tuple(arguments))

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise NotUnderstood(f"`{token}` is missing")


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    text = text.strip()
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise NotUnderstood(f"`{text[at : at + 20]}` is not understood")
        found.append(token[0].strip())
        at = token.end()
    return found
