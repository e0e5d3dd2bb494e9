"""Services opened on demand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from gitops_auditor.errors import Unavailable
from gitops_auditor.server import opening
from gitops_auditor.server.opening import opened_on_demand
from gitops_auditor.services import Services


async def test_services_open_once_on_the_first_call_and_close_at_the_end(
    services: Services,
) -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def opener() -> AsyncIterator[Services]:
        steps.append("open")
        yield services
        await anyio.lowlevel.checkpoint()
        steps.append("closed")

    async with opened_on_demand(opener) as provide:
        assert steps == []
        first, second = await asyncio.gather(provide(), provide())
        assert first is second is services
        assert await provide() is services
        assert steps == ["open"]
    assert steps == ["open", "closed"]


async def test_a_failed_opening_is_tried_again_by_the_next_call(services: Services) -> None:
    attempts = 0

    @asynccontextmanager
    async def opener() -> AsyncIterator[Services]:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise Unavailable("The database is locked.", hint="Wait.")
        yield services

    async with opened_on_demand(opener) as provide:
        with pytest.raises(Unavailable):
            await provide()
        assert await provide() is services


async def test_closing_that_hangs_is_given_up(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "CLOSE_SECONDS", 0.05)

    @asynccontextmanager
    async def opener() -> AsyncIterator[Services]:
        yield services
        await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with opened_on_demand(opener) as provide:
            await provide()
