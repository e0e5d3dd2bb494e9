"""JSON (RFC 8259) and its commented dialects (JSONC, JSON5) with the position of every key."""

import json
import re
from bisect import bisect_right
from itertools import pairwise
from typing import NamedTuple

from gitops_auditor.formats.nodes import (
    MAX_DEPTH,
    MAX_FINDINGS,
    MAX_NODES,
    Document,
    Finding,
    MalformedDocument,
    Node,
    Scalar,
    require_size,
)

_SPACE = r"[ \t\n\r]*+"
_STRING = r'("[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")'
_NUMBER = r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
_LITERAL = r"(true|false|null)\b"
_LOOSE_SPACE = r"(?:[\s\ufeff]|//[^\n]*|/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/)*+"
_LOOSE_STRING = (
    r'("[^"\\\n]*+(?:\\(?:.|\n)[^"\\\n]*+)*+"'
    r"|'[^'\\\n]*+(?:\\(?:.|\n)[^'\\\n]*+)*+')"
)
_LOOSE_NUMBER = (
    r"([+-]?(?:0[xX][0-9a-fA-F]+|Infinity|NaN|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))"
)
_BARE_KEY = r"([^\W\d][\w$]*|\$[\w$]*)"

_LITERALS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0", "\n": ""}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([\s\S]))")


class _Grammar(NamedTuple):
    """The patterns of one dialect. `value` has the groups string, number, literal, bracket."""

    key: re.Pattern[str]
    value: re.Pattern[str]
    separator: re.Pattern[str]
    loose: bool


def _grammar(space: str, string: str, number: str, bare_key: str, *, loose: bool) -> _Grammar:
    return _Grammar(
        re.compile(rf"{space}(?:{string}|{bare_key}){space}:"),
        re.compile(rf"{space}(?:{string}|{number}|{_LITERAL}|([\[{{]))"),
        re.compile(rf"{space}([,}}\]])?"),
        loose,
    )


_STRICT = _grammar(_SPACE, _STRING, _NUMBER, "((?!))", loose=False)
_LOOSE = _grammar(_LOOSE_SPACE, _LOOSE_STRING, _LOOSE_NUMBER, _BARE_KEY, loose=True)


def parse_json(text: str, *, comments: bool = False) -> Document:
    """Read one JSON text.

    `comments` also takes comments, trailing commas, single quotes and bare keys. A duplicate key is
    a finding and its last value wins. Raises `MalformedDocument`.
    """
    require_size(text)
    return _Parser(text, _LOOSE if comments else _STRICT).document()


class _Parser:
    """Walks the text once with an explicit stack, so that depth never meets the interpreter's."""

    def __init__(self, text: str, grammar: _Grammar) -> None:
        self._text = text
        self._grammar = grammar
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._stack: list[dict[str, Node] | list[Node]] = []
        self._nodes = 0
        self._findings: list[Finding] = []

    def document(self) -> Document:
        root = self._value(None)
        while self._stack:
            self._step(self._stack[-1])
        found = self._grammar.separator.match(self._text, self._at)
        if found is None or found[1] or found.end() != len(self._text):
            raise self._malformed("Something follows the end of the document", self._at)
        return Document(root, tuple(self._findings))

    def _step(self, container: dict[str, Node] | list[Node]) -> None:
        """Close the innermost container, or read its next entry."""
        mark = self._separator()
        if container and mark == ",":
            mark = self._separator()
            if mark and not (self._grammar.loose and mark != ","):
                raise self._malformed(f"A value is missing before {mark!r}", self._at)
        elif container and not mark:
            raise self._malformed("A comma or a closing bracket is missing", self._at)
        if mark:
            self._close(container, mark)
        elif isinstance(container, dict):
            self._member(container)
        else:
            container.append(self._value(None))

    def _separator(self) -> str:
        found = self._grammar.separator.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[1] or ""

    def _close(self, container: dict[str, Node] | list[Node], mark: str) -> None:
        if mark != ("}" if isinstance(container, dict) else "]"):
            raise self._malformed(f"Unexpected {mark!r}", self._at - 1)
        self._stack.pop()

    def _member(self, members: dict[str, Node]) -> None:
        found = self._grammar.key.match(self._text, self._at)
        if found is None:
            raise self._malformed("A key and a colon are expected", self._at)
        start = found.start(found.lastindex or 0)
        key = self._string(found[1], start) if found[1] else found[2]
        self._at = found.end()
        if key in members and len(self._findings) < MAX_FINDINGS:
            line, column = self._position(start)
            message = f"The key {key!r} occurs twice; the last one is used."
            self._findings.append(Finding(message, line, column))
        members[key] = self._value(start)

    def _value(self, key_start: int | None) -> Node:
        """Read a scalar, or open a container; the position is the key's when there is one."""
        found = self._grammar.value.match(self._text, self._at)
        if found is None:
            raise self._malformed("A value is expected", self._at)
        self._at = found.end()
        start = found.start(found.lastindex or 0)
        line, column = self._position(start if key_start is None else key_start)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._malformed(f"The document has more than {MAX_NODES} values", start)
        return Node(self._decode(found, start), line, column)

    def _decode(self, found: re.Match[str], start: int) -> Scalar | dict[str, Node] | list[Node]:
        if found[1] is not None:
            return self._string(found[1], start)
        if found[2] is not None:
            return self._number(found[2], start)
        return _LITERALS[found[3]] if found[3] else self._open(found[4], start)

    def _open(self, bracket: str, start: int) -> dict[str, Node] | list[Node]:
        if len(self._stack) >= MAX_DEPTH:
            raise self._malformed(f"The nesting is deeper than {MAX_DEPTH}", start)
        container: dict[str, Node] | list[Node] = {} if bracket == "{" else []
        self._stack.append(container)
        return container

    def _string(self, quoted: str, start: int) -> str:
        if "\\" not in quoted:
            return quoted[1:-1]
        if self._grammar.loose:
            return _unescape(quoted[1:-1])
        try:
            return str(json.loads(quoted))
        except ValueError as error:
            raise self._malformed("The string has an unknown escape", start) from error

    def _number(self, digits: str, start: int) -> int | float:
        try:
            if digits.lstrip("+-").isdigit():
                return int(digits)
            return int(digits, 16) if "x" in digits or "X" in digits else float(digits)
        except ValueError as error:
            raise self._malformed("The number is too long", start) from error

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def _malformed(self, message: str, offset: int) -> MalformedDocument:
        space = self._grammar.separator.match(self._text, offset)
        if space is not None:
            offset = space.start(1) if space[1] else space.end()
        line, column = self._position(min(offset, len(self._text)))
        return MalformedDocument(f"{message}.", line, column)


def _unescape(body: str) -> str:
    """Resolve the escapes of JSON5, where any other escaped character stands for itself."""
    decoded = _ESCAPE.sub(_escaped, body)
    if not any(_is_pair(first, second) for first, second in pairwise(decoded)):
        return decoded
    return decoded.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escaped(found: re.Match[str]) -> str:
    digits = found[1] or found[2]
    return chr(int(digits, 16)) if digits else _ESCAPES.get(found[3], found[3])


def _is_pair(first: str, second: str) -> bool:
    return "\ud800" <= first <= "\udbff" and "\udc00" <= second <= "\udfff"
