"""Pieces of a log, as readers ask for them."""

from typing import Final, NamedTuple

MAX_PIECE: Final = 2**20
"""Bytes of one piece at most, whatever was asked for."""


class LogPiece(NamedTuple):
    """Bytes of a log from `offset` on.

    `next_offset` is where to go on reading; it is `size`, in bytes, when nothing more is there yet.
    """

    data: bytes
    offset: int
    next_offset: int
    size: int


def piece(data: bytes, offset: int, size: int) -> LogPiece:
    """The piece that these bytes are."""
    return LogPiece(data, offset, offset + len(data), size)


def bounds(offset: int, limit: int, size: int) -> tuple[int, int]:
    """Where to start, and how much to read, so that both are inside a log of this size.

    A negative offset counts from the end.
    """
    start = min(max(offset if offset >= 0 else size + offset, 0), size)
    return start, min(max(limit, 0), MAX_PIECE, size - start)


def last_lines(whole: LogPiece, lines: int | None) -> LogPiece:
    """The piece without the line that it cuts at its start, and no more than so many lines."""
    start = whole.data.find(b"\n") + 1 if whole.offset else 0
    if lines is not None:
        kept = whole.data[start:].splitlines(keepends=True)
        start = len(whole.data) - sum(map(len, kept[len(kept) - min(lines, len(kept)) :]))
    return piece(whole.data[start:], whole.offset + start, whole.size)
