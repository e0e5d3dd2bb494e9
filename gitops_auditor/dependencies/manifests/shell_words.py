"""Cuts shell text into simple commands and words, with the line of every word.

Not a shell: it knows quotes, separators, comments and continued lines, and expands nothing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

_WORD = re.compile(r"""(?:[^\s;|&()<>"'`#]|(?<=\S)\#|"[^"]*"|'[^']*')+|[;|&()<>`]+|\#.*|["']""")
_SEPARATORS: Final = frozenset(";|&()`")
_QUOTES = re.compile(r"[\"']")
_PREFIXES: Final = frozenset(
    {"sudo", "exec", "time", "env", "command", "nohup", "then", "do", "else", "if", "!", "{", "RUN"}
    | {"while", "until", "corepack", "cross-env", "run:", "script:", "-"}
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_LIST_MARK = re.compile(
    r"[@+-]*\s*(?:-\s+)?(?:(?:run|script|command|cmd|commands|before_script|after_script|install)"
    r"\s*:\s*)?(?:\|\s*)?"
)
_MAX_LINES_OF_ONE_COMMAND: Final = 500


_EXPRESSION = re.compile(r"\$\{\{([^}]{0,300})\}\}|\$\(([A-Z][A-Z0-9_]*)\)")
_NOT_IN_WORDS = re.compile(r"[\s;|&()<>\"'`#]+")


class Word(NamedTuple):
    """A word without its quotes, and the 1-based line it stands on."""

    text: str
    line: int


def commands(lines: Iterable[tuple[str, int]]) -> Iterator[list[Word]]:
    """The simple commands of numbered lines, assignments and words such as `sudo` removed."""
    words: list[Word] = []
    joined = 0
    for raw, number in lines:
        start = raw.lstrip()
        if not joined:
            start = _without_list_mark(start)
        continued = start.rstrip().endswith("\\") and joined < _MAX_LINES_OF_ONE_COMMAND
        words += _words(start.rstrip().rstrip("\\") if continued else start, number)
        joined = joined + 1 if continued else 0
        if not continued:
            yield from _split(words)
            words = []
    yield from _split(words)


def _without_list_mark(line: str) -> str:
    """Drop what YAML and make put before a command: `- run:`, `@`, and an enclosing quote."""
    found = _LIST_MARK.match(line)
    rest = line[found.end() :] if found else line
    if len(rest) > 1 and rest[0] in "\"'" and rest.rstrip().endswith(rest[0]):
        return rest.rstrip()[1:-1]
    return rest


def _words(line: str, number: int) -> Iterator[Word]:
    if "$" in line:
        line = _EXPRESSION.sub(_one_word, line)
    for found in _WORD.finditer(line):
        token = found[0]
        if token.startswith("#"):
            return
        yield Word(_QUOTES.sub("", token), number)


def _one_word(expression: re.Match[str]) -> str:
    """An expression of GitHub or a variable of make, so that it stays a part of its word."""
    return f"${{{_NOT_IN_WORDS.sub('', expression[1] or expression[2])}}}"


def _split(words: list[Word]) -> Iterator[list[Word]]:
    command: list[Word] = []
    for word in words:
        if word.text and word.text[0] in _SEPARATORS:
            if command:
                yield command
            command = []
        elif command or not _is_prefix(word.text):
            command.append(word)
    if command:
        yield command


def _is_prefix(text: str) -> bool:
    return not text or text in _PREFIXES or _ASSIGNMENT.match(text) is not None
