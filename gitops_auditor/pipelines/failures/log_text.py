"""The lines of a log: of a long one those at its beginning and its end, without colours.

Every bound here bounds the readers too: they look at each line a fixed number of times.
"""

import re
from typing import Final

HEAD_BYTES: Final = 128 * 1024
TAIL_BYTES: Final = 384 * 1024
MAX_LINES: Final = 20_000
MAX_LINE: Final = 1_000
GAP: Final = "[...]"
OWN: Final = "[gitops-auditor]"
"""Begins the lines that the platform writes itself."""

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)|[ -/]{0,4}[0-~])"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_BUILDKIT = re.compile(r"#\d{1,4} \d{1,6}\.\d{1,4} ")
_CHECKOUT = re.compile(r"/[0-9a-f]{24}/checkout/")
_PATH = re.compile(r"[\w/.@+-]", re.ASCII)


def lines_of(log: bytes) -> list[str]:
    """The lines, with paths relative to the checkout. Bytes that are no UTF-8 are replaced."""
    if len(log) > HEAD_BYTES + TAIL_BYTES:
        log = log[:HEAD_BYTES] + f"\n{GAP}\n".encode() + log[-TAIL_BYTES:]
    text = _ESCAPES.sub("", log.decode("utf-8", "replace")).replace("\r\n", "\n")
    lines = _relative(text).split("\n")
    if len(lines) > MAX_LINES:
        half = MAX_LINES // 2
        lines = [*lines[:half], GAP, *lines[-half:]]
    return [one for one in map(_line, lines) if not one.startswith(OWN)]


def _line(text: str) -> str:
    """What a terminal would show of the line: what follows a carriage return replaces it."""
    shown = text.rstrip("\r").rpartition("\r")[2]
    shown = _CONTROLS.sub("", shown.removeprefix("\ufeff")[:MAX_LINE]).rstrip()
    step = _BUILDKIT.match(shown)
    return shown[step.end() :] if step else shown


def _relative(text: str) -> str:
    """The text without the folder of the checkout, which is `<workspaces>/<run>/checkout`."""
    found = _CHECKOUT.search(text)
    if found is None:
        return text
    start = found.start()
    while start > 0 and found.start() - start < MAX_LINE and _PATH.match(text[start - 1]):
        start -= 1
    folder = text[start : found.end()]
    return text.replace(f"file://{folder}", "").replace(folder, "")
