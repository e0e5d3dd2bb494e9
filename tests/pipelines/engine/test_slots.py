from contextlib import ExitStack

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from typing_extensions import override

from gitops_auditor.pipelines.engine.slots import Share, Slots


def ignore() -> None:
    """A run that looks for itself."""


def test_free_slots_go_to_who_wants_them_and_no_more() -> None:
    slots = Slots(2)
    with slots.share(ignore) as share:
        share.want(3)
        assert share.held == 2
        share.give_back()
        assert share.held == 2


def test_runs_take_turns() -> None:
    slots = Slots(3)
    order: list[str] = []
    with (
        slots.share(lambda: order.append("a")) as first,
        slots.share(lambda: order.append("b")) as second,
    ):
        first.want(20)
        second.want(20)
        for _ in range(6):
            (first if first.held > 1 else second).give_back()
    assert order[:3] == ["a", "a", "a"]
    assert order[3:9] == ["b", "a", "b", "a", "b", "a"]


def test_a_run_that_ends_gives_everything_back() -> None:
    slots = Slots(1)
    with slots.share(ignore) as waiting:
        with slots.share(ignore) as holder:
            holder.want(1)
            waiting.want(1)
            assert waiting.held == 0
        assert waiting.held == 1


class SlotMachine(RuleBasedStateMachine):
    """Runs come, want, give back and go in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = Slots(3)
        self.open: dict[ExitStack, Share] = {}
        self.wants: dict[ExitStack, int] = {}
        self.granted = 0

    def _count(self) -> None:
        self.granted += 1

    @rule()
    @precondition(lambda self: len(self.open) < 5)
    def come(self) -> None:
        stack = ExitStack()
        self.open[stack] = stack.enter_context(self.slots.share(self._count))
        self.wants[stack] = 0

    @rule(data=st.data(), count=st.integers(0, 6))
    @precondition(lambda self: self.open)
    def want(self, data: st.DataObject, count: int) -> None:
        stack = data.draw(st.sampled_from(list(self.open)))
        self.open[stack].want(count)
        self.wants[stack] = count

    @rule(data=st.data())
    @precondition(lambda self: any(share.held for share in self.open.values()))
    def give_back(self, data: st.DataObject) -> None:
        stack = data.draw(st.sampled_from([one for one, share in self.open.items() if share.held]))
        self.wants[stack] = max(self.wants[stack] - 1, 0)
        self.open[stack].give_back()

    @rule(data=st.data())
    @precondition(lambda self: self.open)
    def go(self, data: st.DataObject) -> None:
        stack = data.draw(st.sampled_from(list(self.open)))
        del self.open[stack], self.wants[stack]
        stack.close()

    @invariant()
    def never_more_than_there_are(self) -> None:
        assert sum(share.held for share in self.open.values()) <= 3

    @invariant()
    def nobody_waits_while_one_is_free(self) -> None:
        held = sum(share.held for share in self.open.values())
        short = [one for one, share in self.open.items() if share.held < self.wants[one]]
        assert held == 3 or not short

    @override
    def teardown(self) -> None:
        for stack in self.open:
            stack.close()
        assert self.slots.count == 3


TestSlots = SlotMachine.TestCase
