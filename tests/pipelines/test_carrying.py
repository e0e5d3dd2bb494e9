"""What carries out runs, and when the sandbox of its jobs is started."""

import anyio
import pytest

from gitops_auditor.app import executor_of
from gitops_auditor.errors import Refused
from gitops_auditor.execution.sandbox import Sandbox
from gitops_auditor.execution.supervision.orders import Isolation
from gitops_auditor.services import Services

SECONDS = 10


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> anyio.Event:
    """Set when somebody asked what jobs run in, which is refused."""
    event = anyio.Event()

    async def level(_: Sandbox) -> Isolation:
        event.set()
        raise Refused("This machine isolates nothing.", hint="Use another one.")

    monkeypatch.setattr(Sandbox, "level", level)
    return event


async def test_the_sandbox_is_started_at_once_when_there_will_be_a_job_soon(
    services: Services, asked: anyio.Event
) -> None:
    async with executor_of(services, soon=True):
        with anyio.fail_after(SECONDS):
            await asked.wait()


async def test_the_sandbox_is_not_started_without_a_job(
    services: Services, asked: anyio.Event
) -> None:
    async with executor_of(services):
        await anyio.lowlevel.checkpoint()
    assert not asked.is_set()
