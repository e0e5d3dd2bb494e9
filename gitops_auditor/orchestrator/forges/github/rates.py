"""How long GitHub asks to wait, by the headers of its rate limits."""

from collections.abc import Mapping
from typing import Final

_UNSTATED_SECONDS: Final = 60.0
"""GitHub's documentation asks to wait a minute where a secondary limit states nothing."""


def pause_asked(status: int, headers: Mapping[str, str], message: str, now: float) -> float | None:
    """Seconds to wait before the request is sent again; None when the answer is not about rates.

    `now` is in seconds since the epoch, as the header X-RateLimit-Reset is; header names are in
    lower case.
    """
    if status not in (403, 429):
        return None
    after = _number(headers.get("retry-after"))
    if after is not None:
        return after
    reset = _number(headers.get("x-ratelimit-reset"))
    if headers.get("x-ratelimit-remaining") == "0" and reset is not None:
        return max(0.0, reset - now)
    limited = status == 429 or "rate limit" in message.lower()
    return _UNSTATED_SECONDS if limited else None


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None
