"""TOML 1.0 with the position of every key.

Values come from the standard parser, positions from one scan over the text.
"""

import re
import tomllib
from bisect import bisect_right
from datetime import date, time

from gitops_auditor.formats.nodes import (
    MAX_DEPTH,
    MAX_NODES,
    Document,
    MalformedDocument,
    Node,
    require_size,
)

MAX_TOML_CHARACTERS = 2_000_000

_Path = tuple[str | int, ...]
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_BASIC = r'"(?:[^"\\\n]|\\.)*+"'
_LITERAL = r"'[^'\n]*'"
_KEY = re.compile(rf"[ \t]*({_BASIC}|{_LITERAL}|[A-Za-z0-9_-]+)[ \t]*(\.)?")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*+"""(?:"{1,2}(?!"))?'
    r"|'''(?:[^']|'(?!''))*+'''(?:'{1,2}(?!'))?"
    rf"|{_BASIC}|{_LITERAL}"
)
_BARE = re.compile(r"[^,\]}#\r\n]+")
_POSITION = re.compile(r"\(at line (\d+), column (\d+)\)")


def parse_toml(text: str) -> Document:
    """Read one TOML document; dates and times become their ISO text. Raises `MalformedDocument`."""
    require_size(text, MAX_TOML_CHARACTERS)
    try:
        values = tomllib.loads(text)
        positions = _Scanner(text).positions()
        return Document(_Tree(positions).node(values, ()))
    except tomllib.TOMLDecodeError as error:
        raise _malformed(error) from error
    except RecursionError as error:
        raise MalformedDocument(f"The nesting is deeper than {MAX_DEPTH}.") from error
    except ValueError as error:
        if isinstance(error, MalformedDocument):
            raise
        raise MalformedDocument(f"Not TOML: {error}.") from error


def _malformed(error: tomllib.TOMLDecodeError) -> MalformedDocument:
    message = str(error)
    found = _POSITION.search(message)
    line, column = (int(found[1]), int(found[2])) if found else (0, 0)
    return MalformedDocument(f"Not TOML: {_POSITION.sub('', message).strip()}.", line, column)


class _Tree:
    """Joins the values with the positions that the scan found."""

    def __init__(self, positions: dict[_Path, tuple[int, int]]) -> None:
        self._positions = positions
        self._nodes = 0

    def node(self, value: object, path: _Path) -> Node:
        line, column = self._positions.get(path, (1, 1))
        self._nodes += 1
        if self._nodes > MAX_NODES or len(path) > MAX_DEPTH:
            limit = f"more than {MAX_NODES} values or a nesting deeper than {MAX_DEPTH}"
            raise MalformedDocument(f"The file has {limit}.", line, column)
        if isinstance(value, dict):
            members = {key: self.node(item, (*path, key)) for key, item in value.items()}
            return Node(members, line, column)
        if isinstance(value, list):
            items = [self.node(item, (*path, index)) for index, item in enumerate(value)]
            return Node(items, line, column)
        if isinstance(value, date | time):
            return Node(value.isoformat(), line, column)
        return Node(value if isinstance(value, str | int | float) else str(value), line, column)


class _Scanner:
    """Finds where keys and items stand, in text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._positions: dict[_Path, tuple[int, int]] = {}
        self._tables: dict[_Path, int] = {}

    def positions(self) -> dict[_Path, tuple[int, int]]:
        table: _Path = ()
        self._skip_space()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._assignment(table)
            self._skip_space()
        return self._positions

    def _skip_space(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _header(self) -> _Path:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        start = self._at
        keys = self._key()
        self._at += 2 if is_array else 1
        path: _Path = ()
        for key in keys[:-1]:
            path = self._enter((*path, key), start)
        path = (*path, keys[-1])
        if not is_array:
            return self._enter(path, start)
        self._note(path, start)
        index = self._tables[path] = self._tables.get(path, -1) + 1
        self._note((*path, index), start)
        return (*path, index)

    def _enter(self, path: _Path, start: int) -> _Path:
        """Note a table by its first mention; in an array of tables the last one is meant."""
        self._note(path, start)
        return (*path, self._tables[path]) if path in self._tables else path

    def _assignment(self, table: _Path) -> None:
        start = self._at
        path = table
        for key in self._key():
            path = (*path, key)
            self._note(path, start)
        self._at += 1
        self._value(path)

    def _key(self) -> list[str]:
        """Read a dotted key; afterwards the position is at what follows it."""
        keys: list[str] = []
        while found := _KEY.match(self._text, self._at):
            keys.append(_bare(found[1]))
            self._at = found.end()
            if len(keys) > MAX_DEPTH:
                raise self._too_deep()
            if not found[2]:
                break
        return keys

    def _value(self, path: _Path) -> None:
        self._skip_space()
        if len(path) > MAX_DEPTH:
            raise self._too_deep()
        opening = self._text[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        elif found := (_STRING if opening in "\"'" else _BARE).match(self._text, self._at):
            self._at = found.end()

    def _array(self, path: _Path) -> None:
        index = 0
        while not self._closes("]"):
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: _Path) -> None:
        while not self._closes("}"):
            self._assignment(path)

    def _closes(self, bracket: str) -> bool:
        """Step over the opening bracket or the comma; say whether the collection ends here."""
        self._skip_space()
        if self._text[self._at] != bracket:
            self._at += self._text[self._at] in "[{,"
            self._skip_space()
        if self._text[self._at] != bracket:
            return False
        self._at += 1
        return True

    def _too_deep(self) -> MalformedDocument:
        message = f"The nesting is deeper than {MAX_DEPTH}."
        return MalformedDocument(message, *self._where(self._at))

    def _note(self, path: _Path, offset: int) -> None:
        self._positions.setdefault(path, self._where(offset))

    def _where(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _bare(key: str) -> str:
    if key[0] == '"':
        return str(tomllib.loads(f"key = {key}")["key"])
    return key[1:-1] if key[0] == "'" else key
