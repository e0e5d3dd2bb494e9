"""Progress notifications: growing, not too many, and never in the way of the work."""

from types import SimpleNamespace
from typing import cast

import anyio
import pytest

from gitops_auditor.server import progress
from gitops_auditor.server.auth import RequestContext
from gitops_auditor.server.progress import progress_for


class Session:
    """Takes reports; `stuck` makes it a client that does not read."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.reports: list[tuple[float, float | None, str | None]] = []
        self._stuck = stuck

    async def report_progress(self, done: float, total: float | None, message: str | None) -> None:
        self.reports.append((done, total, message))
        if self._stuck:
            await anyio.sleep_forever()


def context(session: Session) -> RequestContext:
    return cast("RequestContext", SimpleNamespace(session=session))


async def test_reports_in_quick_succession_are_left_out_but_not_the_last() -> None:
    session, now = Session(), 0.0
    report = progress_for(context(session), clock=lambda: now)
    await report(1, 4, "one")
    await report(2, 4, "two")
    now = 1.0
    await report(3, 4, "")
    await report(4, 4, "four")
    assert session.reports == [(1, 4, "one"), (3, 4, None), (4, 4, "four")]


async def test_a_value_that_does_not_grow_is_left_out() -> None:
    session, times = Session(), iter((1.0, 2.0, 3.0, 4.0))
    report = progress_for(context(session), clock=lambda: next(times))
    for done in (2.0, 2.0, 1.0, 3.0):
        await report(done, None, "")
    assert [done for done, _, _ in session.reports] == [2.0, 3.0]


async def test_a_client_that_does_not_read_is_reported_to_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "SEND_SECONDS", 0.01)
    session, now = Session(stuck=True), 0.0
    report = progress_for(context(session), clock=lambda: now)
    with anyio.fail_after(5):
        for done in range(100):
            now = float(done)
            await report(done, 100, "")
    assert len(session.reports) == 1
