"""Long operations: an id at once, progress while the caller waits, the result, cancellation."""

import uuid
from typing import Any

import anyio
import pytest
from pydantic import BaseModel, Field

from gitops_auditor.errors import Conflict
from gitops_auditor.identity import LOCAL
from gitops_auditor.operations import Call, Context, OperationCatalog, Params, Toolset
from gitops_auditor.services import Services

SECONDS = 10


class Counted(BaseModel):
    steps: int


class Steps(Params):
    steps: int = Field(3, description="How many.")
    fail: bool = Field(False, description="Whether to fail at the end.")


class Counting:
    """A toolset whose only operation counts, and can be held after its first step."""

    def __init__(self) -> None:
        self.gate = anyio.Event()
        self.toolset = Toolset("counting", "Counting", "Counts.")

        @self.toolset.operation("POST /api/counting", effect="write", long=True)
        async def count(ctx: Context, params: Steps) -> Counted:
            """Count."""
            await ctx.progress(1, params.steps, "first")
            await self.gate.wait()
            for step in range(2, params.steps + 1):
                await ctx.progress(step, params.steps, f"step {step}")
            if params.fail:
                raise Conflict("It cannot be counted.", hint="Count less.")
            return Counted(steps=params.steps)


@pytest.fixture
def counting() -> Counting:
    return Counting()


async def call(services: Services, counting: Counting, **given: Any) -> Any:
    catalog = OperationCatalog([counting.toolset], {})
    progress = given.pop("progress", None)
    request = Call("count", given, LOCAL, uuid.uuid4().hex)
    if progress is not None:
        request = Call("count", given, LOCAL, uuid.uuid4().hex, progress)
    with anyio.fail_after(SECONDS):
        return await catalog.call(services, request)


async def test_a_long_operation_answers_at_once_with_an_id(
    services: Services, counting: Counting
) -> None:
    work = await call(services, counting)
    assert work.status in {"pending", "running"}
    counting.gate.set()
    record = await services.work.wait(work.id, SECONDS)
    assert (record.status, record.result) == ("success", {"steps": 3})


async def test_a_caller_that_waits_gets_the_typed_result(
    services: Services, counting: Counting
) -> None:
    counting.gate.set()
    work = await call(services, counting, wait_seconds=SECONDS)
    assert (work.status, work.result) == ("success", Counted(steps=3))


async def test_a_caller_that_waits_is_told_the_progress(
    services: Services, counting: Counting
) -> None:
    counting.gate.set()
    seen: list[tuple[float, float | None, str]] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        seen.append((done, total, message))

    await call(services, counting, wait_seconds=SECONDS, progress=progress)
    assert seen == [(1, 3, "first"), (2, 3, "step 2"), (3, 3, "step 3")]


async def test_a_caller_that_stopped_waiting_is_told_nothing_more(
    services: Services, counting: Counting
) -> None:
    seen: list[float] = []

    async def progress(done: float, total: float | None, message: str) -> None:
        seen.append(done)

    work = await call(services, counting, wait_seconds=0.05, progress=progress)
    counting.gate.set()
    await services.work.wait(work.id, SECONDS)
    assert seen in ([], [1])


async def test_a_failure_is_kept_with_its_code_and_hint(
    services: Services, counting: Counting
) -> None:
    counting.gate.set()
    work = await call(services, counting, fail=True, wait_seconds=SECONDS)
    assert (work.status, work.failure_kind) == ("failed", "failed")
    assert (work.error.code, work.error.hint) == ("conflict", "Count less.")


async def test_the_audit_has_the_outcome_of_the_work_itself(
    services: Services, counting: Counting
) -> None:
    counting.gate.set()
    await call(services, counting, fail=True, wait_seconds=SECONDS)
    (entry,) = await services.audit.page(0, 10)
    assert (entry.operation, entry.actor, entry.result) == ("count", "local", "failure")


async def test_cancelled_work_ends_and_says_so(services: Services, counting: Counting) -> None:
    work = await call(services, counting)
    await services.work.cancel(work.id)
    record = await services.work.wait(work.id, SECONDS)
    assert record.status == "cancelled"
