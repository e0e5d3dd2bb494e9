"""Turns: few at a time, the most costly of those that wait first."""

import anyio

from gitops_auditor.linters.costs import cost_of
from gitops_auditor.linters.turns import Turns

BOUND = 10.0


async def test_of_those_that_wait_the_most_costly_is_next_and_equals_keep_their_order() -> None:
    turns = Turns(1)
    order: list[str] = []

    async def work(name: str, cost: float) -> None:
        async with turns.turn(cost):
            order.append(name)

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks, turns.turn(0):
            for name, cost in (("a", 1.0), ("b", 3.0), ("c", 1.0), ("d", 2.0)):
                tasks.start_soon(work, name, cost)
                await anyio.wait_all_tasks_blocked()
            assert order == []
    assert order == ["b", "d", "a", "c"]


async def test_no_more_go_on_at_once_than_there_are_turns() -> None:
    turns, most, running = Turns(2), 0, 0

    async def work() -> None:
        nonlocal most, running
        async with turns.turn(1.0):
            running += 1
            most = max(most, running)
            await anyio.lowlevel.checkpoint()
            running -= 1

    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            for _ in range(7):
                tasks.start_soon(work)
    assert most == 2


async def test_who_is_cancelled_takes_no_turn_from_others() -> None:
    turns = Turns(1)
    called: list[str] = []

    async def work(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            async with turns.turn(1.0):
                called.append(name)

    waiting, late = anyio.CancelScope(), anyio.CancelScope()
    with anyio.fail_after(BOUND):
        async with anyio.create_task_group() as tasks:
            async with turns.turn(0):
                tasks.start_soon(work, "waiting", waiting)
                tasks.start_soon(work, "late", late)
                tasks.start_soon(work, "last", anyio.CancelScope())
                await anyio.wait_all_tasks_blocked()
                waiting.cancel()
                await anyio.wait_all_tasks_blocked()
            # Its turn has come; whether it sees that or its end first is open.
            late.cancel()
    assert called[-1] == "last"
    assert "waiting" not in called


def test_what_takes_long_costs_more_than_many_short_ones() -> None:
    assert cost_of("shellcheck", 60) > cost_of("ruff", 400)
    assert cost_of("bandit", 400) > cost_of("bandit", 5)
    assert cost_of("unknown", 0) > 0
