"""The few lines of a text in which something occurs, without looking at every line.

Most files say nothing of what is looked for. A search of the whole text for words that begin with a
fixed letter is several times faster than one search a line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence


def line_indexes(text: str, positions: Iterable[int]) -> Iterator[int]:
    """The 0-based index of the line of each position; positions in ascending order."""
    index = counted = 0
    for position in positions:
        index += text.count("\n", counted, position)
        counted = position
        yield index


def lines_with(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, int]]:
    """Each line in which `pattern` occurs, once, with its 1-based number."""
    number, counted = 1, 0
    found = pattern.search(text)
    while found is not None:
        start = text.rfind("\n", 0, found.start()) + 1
        end = text.find("\n", found.start())
        end = len(text) if end < 0 else end
        number += text.count("\n", counted, start)
        counted = start
        yield text[start:end], number
        found = pattern.search(text, end)


def continued(lines: Sequence[str], indexes: Iterable[int]) -> Iterator[tuple[str, int]]:
    """The lines at `indexes` (ascending) with those that a backslash joins to them, numbered,
    each once. Comments between them are left out: in a Dockerfile they end no command.
    """
    following = 0
    for index in indexes:
        if index < following:
            continue
        for following in range(index + 1, len(lines) + 1):
            line = lines[following - 1]
            if is_comment(line):
                continue
            yield line, following
            if not line.rstrip().endswith("\\"):
                break


def is_comment(line: str) -> bool:
    """Whether the whole line is a comment of a shell, of Python or of C and its kin."""
    return line.lstrip().startswith(("#", "//"))


def starts_word(text: str, position: int, more: str = "") -> bool:
    """Whether neither a letter, digit or underscore nor one of `more` stands before `position`."""
    if position == 0:
        return True
    before = text[position - 1]
    return not (before.isalnum() or before == "_" or before in more)
