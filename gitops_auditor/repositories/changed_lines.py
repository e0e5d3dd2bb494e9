"""Which lines a patch adds, read from what git prints with --unified=0."""

import re
from collections.abc import Mapping

_HUNK = re.compile(rb"@@ -[0-9]+(?:,([0-9]+))? \+([0-9]+)(?:,([0-9]+))? @@")
_NEW_FILE = b"+++ "
_PREFIX = b"b/"
_ESCAPE = re.compile(rb"\\(?:([0-7]{3})|(.))")
_LETTERS = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13}


def added_lines(patch: bytes) -> Mapping[str, frozenset[int]]:
    """The numbers, from 1, of the lines that are new in each file, by its new name.

    Files without new lines are left out. Bytes of names that are not UTF-8 appear as `\\xff`. The
    lines of a hunk are counted off, so that none of them is taken for a header.
    """
    found: dict[str, set[int]] = {}
    lines = patch.split(b"\n")
    name, at = "", 0
    while at < len(lines):
        line = lines[at]
        at += 1
        hunk = _HUNK.match(line)
        if line.startswith(_NEW_FILE):
            name = _name(line.removeprefix(_NEW_FILE))
        elif hunk is not None:
            start, count = int(hunk[2]), _count(hunk[3])
            if count:
                found.setdefault(name, set()).update(range(start, start + count))
            at += _counted_off(lines, at, _count(hunk[1]) + count)
    return {name: frozenset(numbers) for name, numbers in found.items()}


def _count(text: bytes | None) -> int:
    return 1 if text is None else int(text)


def _counted_off(lines: list[bytes], at: int, changed: int) -> int:
    """How many lines the hunk has from `at`; remarks such as a missing last newline are no lines of
    the file.
    """
    end = at
    while end < len(lines) and (changed or lines[end].startswith(b"\\")):
        changed -= not lines[end].startswith(b"\\")
        end += 1
    return end - at


def _name(text: bytes) -> str:
    """The name in a header, where git quotes special characters, or ends it with a tab."""
    if text.startswith(b'"'):
        text = _ESCAPE.sub(_unquoted, text.rstrip(b"\t")[1:-1])
    else:
        text = text.removesuffix(b"\t")
    return text.removeprefix(_PREFIX).decode("utf-8", "backslashreplace")


def _unquoted(escape: re.Match[bytes]) -> bytes:
    if escape[1] is not None:
        return bytes([int(escape[1], 8) & 0xFF])
    letter = escape[2]
    return bytes([_LETTERS[letter]]) if letter in _LETTERS else letter
