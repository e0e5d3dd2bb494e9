"""Tells where a line of an expanded definition comes from: which file, and by which use.

Every use of a template has a range of line numbers of its own, so that a node needs no more than
its line to be found again.
"""

from typing import Final, NamedTuple

from gitops_auditor.formats.nodes import Node

_SPAN: Final = 10_000_000
"""Above the number of lines that a file may have (formats.nodes.MAX_CHARACTERS)."""


class Place(NamedTuple):
    """Where something is written; line and column are 1-based, 0 when unknown."""

    path: str
    line: int
    column: int


class _Range(NamedTuple):
    path: str
    used: Node | None


class SourceMap:
    """The files and uses that a definition was put together from."""

    def __init__(self, path: str) -> None:
        self._ranges = [_Range(path, None)]

    def add(self, path: str, used: Node) -> int:
        """Open a range for what `used` brings in from `path`; returns what to add to its lines."""
        self._ranges.append(_Range(path, used))
        return _SPAN * (len(self._ranges) - 1)

    def original(self, line: int) -> int:
        """The line in its file."""
        return line % _SPAN

    def place(self, line: int, column: int) -> Place:
        """Where the line is really written."""
        return Place(self._ranges[line // _SPAN].path, self.original(line), column)

    def used_from(self, line: int) -> tuple[Place, ...]:
        """The uses that brought the line in, the innermost first; empty for the definition."""
        found = []
        while (used := self._ranges[line // _SPAN].used) is not None:
            found.append(self.place(used.line, used.column))
            line = used.line
        return tuple(found)
