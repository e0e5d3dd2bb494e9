"""What is kept of the output of a command: its beginning and its end."""

import re
from collections import deque
from typing import Final

FIRST_BYTES: Final = 16 * 1024
LAST_BYTES: Final = 64 * 1024
_TAIL_LINES: Final = 20
_TAIL_LENGTH: Final = 4_000
# Colours and other control sequences (ECMA-48), and links (OSC 8).
_CONTROL: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")


class KeptOutput:
    """Takes output of any length; keeps FIRST_BYTES and LAST_BYTES of it."""

    def __init__(self) -> None:
        self._first = bytearray()
        self._last: deque[bytes] = deque()
        self._last_bytes = 0
        self._dropped = 0

    def take(self, _stream: object, chunk: bytes) -> None:
        """Add a piece."""
        room = FIRST_BYTES - len(self._first)
        if room > 0:
            self._first += chunk[:room]
            chunk = chunk[room:]
        if chunk:
            self._last.append(chunk[-LAST_BYTES:])
            self._dropped += max(len(chunk) - LAST_BYTES, 0)
            self._last_bytes += len(self._last[-1])
        while self._last and self._last_bytes - len(self._last[0]) >= LAST_BYTES:
            gone = self._last.popleft()
            self._last_bytes -= len(gone)
            self._dropped += len(gone)

    @property
    def text(self) -> str:
        """What is kept, without control sequences; a line says where something is missing."""
        last = b"".join(self._last)
        cut = max(len(last) - LAST_BYTES, 0)
        dropped = self._dropped + cut
        gap = f"\n[{dropped} bytes left out]\n".encode() if dropped else b""
        whole = (bytes(self._first) + gap + last[cut:]).decode("utf-8", errors="replace")
        return _CONTROL.sub("", whole).replace("\r\n", "\n")


def tail(text: str) -> str:
    """The last lines of an output, as evidence."""
    lines = [line.rstrip() for line in text.strip().splitlines()[-_TAIL_LINES:]]
    return "\n".join(lines)[-_TAIL_LENGTH:]
