"""How often one caller may use one route: a moving window per principal and operation."""

import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from gitops_auditor.config import Settings
from gitops_auditor.errors import RateLimited
from gitops_auditor.identity import Principal
from gitops_auditor.operations import Operation


class RateLimits:
    """The windows of one server process."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._read = parse(settings.rate_limit_read)
        self._write = parse(settings.rate_limit_write)

    async def hit(self, principal: Principal, operation: Operation) -> None:
        """Count one call; RateLimited says after how many seconds the next is allowed."""
        limit = self._read if operation.effect == "read" else self._write
        await self.hit_route(principal, operation.name, limit)

    async def hit_route(
        self, principal: Principal, route: str, limit: RateLimitItem | None = None
    ) -> None:
        """Count one request to a route that is not an operation."""
        window = limit or self._read
        if await self._limiter.hit(window, principal.name, route):
            return
        stats = await self._limiter.get_window_stats(window, principal.name, route)
        wait = max(1.0, stats.reset_time - time.time())
        raise RateLimited(
            f"{principal.name} used {route} more than {window} allows.",
            retry_after=wait,
            hint=f"Try again in {wait:.0f} s.",
        )
