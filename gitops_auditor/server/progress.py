"""Progress of an operation as MCP progress notifications, for callers that sent a token."""

import time
from collections.abc import Callable

import anyio

from gitops_auditor.operations import Progress
from gitops_auditor.server.auth import RequestContext

SHORTEST_INTERVAL = 0.04
"""Seconds between two notifications; the last one is never held back."""

SEND_SECONDS = 1.0
"""A client that reads slower than this gets no more progress, so that it cannot slow the work."""


def progress_for(ctx: RequestContext, clock: Callable[[], float] = time.monotonic) -> Progress:
    """A progress callback that reports to the caller of `ctx`; silent when it sent no token.

    The protocol wants values that only grow, so a repeated or smaller one is left out.
    """
    reported, next_at = -1.0, 0.0

    async def report(done: float, total: float | None, message: str) -> None:
        nonlocal reported, next_at
        now = clock()
        finished = total is not None and done >= total
        if done <= reported or (now < next_at and not finished):
            return
        reported, next_at = done, now + SHORTEST_INTERVAL
        with anyio.move_on_after(SEND_SECONDS) as sending:
            await ctx.session.report_progress(done, total, message or None)
        if sending.cancelled_caught:
            reported = float("inf")

    return report
