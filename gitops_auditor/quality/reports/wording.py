"""How numbers, times and names are written in reports."""

import math
import re
from datetime import UTC, date, datetime
from typing import Final

from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.results import GateStatus

MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EN DASH}"
"""For what was not measured."""

STATUS_WORDS: Final[dict[GateStatus, str]] = {
    "passed": "Passed",
    "warning": "Warning",
    "failed": "Failed",
    "error": "Error",
    "skipped": "Skipped",
}
GATE_TYPE_WORDS: Final[dict[GateType, str]] = {
    "pre_commit": "pre-commit",
    "pre_merge": "pre-merge",
    "pre_deploy": "pre-deploy",
    "post_phase": "post-phase",
}
_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff"
    r"\ud800-\udfff]"
)
_BLANKS: Final = re.compile(r"\s+")


def legible(text: str) -> str:
    """The text on one line, with a visible mark for each character that is not seen.

    Control characters, marks that change the direction of what follows, and lone surrogates could
    otherwise hide or reorder what a file's author wrote.
    """
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", text)).strip()


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and its end with an ellipsis between them."""
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def percent(value: float | None) -> str:
    """A share as people say it; 100 % only when nothing is missing."""
    if value is None:
        return NOTHING
    if 99 < value < 100:
        return f"{math.floor(value * 10) / 10:.1f} %"
    return f"{value:.0f} %" if not 0 < value < 1 else "< 1 %"


def score(value: float | None) -> str:
    """A score with one digit after the point."""
    return NOTHING if value is None else f"{value:.1f}"


def seconds(value: float | None) -> str:
    """A time with no more digits than it needs."""
    if value is None:
        return NOTHING
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def count(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def several(value: int, one: str, many: str = "") -> str:
    """A count and its noun."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def day(value: date) -> str:
    """A day as ISO 8601 writes it."""
    return value.isoformat()


def moment(value: datetime) -> str:
    """A moment of UTC, to the minute."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
