"""How often one caller may use one route: a moving window per principal and route."""

import math
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from gitops_auditor.config import Settings
from gitops_auditor.errors import RateLimited
from gitops_auditor.identity import Principal

SECONDS = {"second": 1, "minute": 60, "hour": 3600}


class Rate(NamedTuple):
    """At most `amount` requests in any stretch of `seconds`."""

    text: str
    amount: int
    seconds: int


def parse_rate(text: str) -> Rate:
    """A rate as the settings write it, for example `600/minute`."""
    amount, _, unit = text.partition("/")
    return Rate(text, int(amount), SECONDS[unit])


class RateLimits:
    """The windows of one server process. There are as many as principals times routes."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = parse_rate(settings.rate_limit_read)
        self._write = parse_rate(settings.rate_limit_write)
        self._clock = clock
        self._windows: dict[tuple[str, str], deque[float]] = {}

    def hit(self, principal: Principal, route: str, *, writes: bool = False) -> None:
        """Count one request; RateLimited says after how many seconds the next is allowed."""
        rate = self._write if writes else self._read
        window = self._windows.setdefault((principal.name, route), deque())
        now = self._clock()
        while window and window[0] <= now - rate.seconds:
            window.popleft()
        if len(window) >= rate.amount:
            raise _limited(principal, route, rate, window[0] + rate.seconds - now)
        window.append(now)


def _limited(principal: Principal, route: str, rate: Rate, wait: float) -> RateLimited:
    seconds = max(1, math.ceil(wait))
    return RateLimited(
        f"{principal.name} used {route} more than {rate.text} allows.",
        retry_after=seconds,
        hint=f"Try again in {seconds} s.",
    )
