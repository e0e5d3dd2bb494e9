"""Gates that ask the same question at once have it asked once."""

import anyio
import pytest

from gitops_auditor.errors import Unavailable
from gitops_auditor.formats.findings import ScanReport
from gitops_auditor.quality.shared_answers import SharedAnswers

REPORT = ScanReport(files=1, tools=())


class Linter:
    """Answers when it is let go, and counts who asked."""

    def __init__(self, failures: int = 0) -> None:
        self.asked = 0
        self.let_go = anyio.Event()
        self._failures = failures

    async def ask(self) -> ScanReport:
        self.asked += 1
        await self.let_go.wait()
        if self.asked <= self._failures:
            raise Unavailable("It is gone.", hint="Start it.")
        return REPORT


async def test_a_question_that_several_ask_is_asked_once() -> None:
    shared, linter = SharedAnswers(), Linter()
    told: list[ScanReport] = []

    async def gate() -> None:
        told.append(await shared.of("lint", linter.ask))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(gate)
            await anyio.wait_all_tasks_blocked()
            linter.let_go.set()
        told.append(await shared.of("lint", linter.ask))
    assert told == [REPORT] * 6
    assert linter.asked == 1


async def test_another_question_is_asked_for_itself() -> None:
    shared, linter = SharedAnswers(), Linter()
    linter.let_go.set()
    await shared.of(("lint", "a.py"), linter.ask)
    await shared.of(("lint", "b.py"), linter.ask)
    assert linter.asked == 2


async def test_who_waited_for_a_question_that_failed_asks_again() -> None:
    shared, linter = SharedAnswers(), Linter(failures=1)
    told: list[ScanReport] = []

    async def first() -> None:
        with pytest.raises(Unavailable):
            await shared.of("lint", linter.ask)

    async def second() -> None:
        told.append(await shared.of("lint", linter.ask))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await anyio.wait_all_tasks_blocked()
            for _ in range(3):
                tasks.start_soon(second)
            await anyio.wait_all_tasks_blocked()
            linter.let_go.set()
    assert told == [REPORT] * 3
    assert linter.asked == 2
