"""A claimed plan as its process knows it: each change is kept before anything depends on it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import anyio

from gitops_auditor.errors import Unavailable
from gitops_auditor.log import get_logger
from gitops_auditor.orchestrator.effects.effect import Progress
from gitops_auditor.orchestrator.records import Plan, Step
from gitops_auditor.orchestrator.running.ports import FaultPoint
from gitops_auditor.orchestrator.store.driving import (
    Change,
    Claim,
    Ending,
    Fenced,
    Line,
    PlanJournal,
)

LOOK_SECONDS: Final = 1.0

_log = get_logger("plans")


class Ledger:
    """The plan, changed by one writer at a time."""

    def __init__(self, plan: Plan, claim: Claim, journal: PlanJournal, fault: FaultPoint) -> None:
        self._plan = plan
        self._places = {one.position: place for place, one in enumerate(plan.steps)}
        self._claim = claim
        self._journal = journal
        self._fault = fault
        self._turn = anyio.Lock()
        self._told = ""
        self._is_cancelled = plan.cancel_requested
        self._stoppable: set[anyio.CancelScope] = set()

    @property
    def plan(self) -> Plan:
        """As it is kept, and whether somebody asked for its end."""
        return self._plan.model_copy(update={"cancel_requested": self._is_cancelled})

    def step(self, position: int) -> Step:
        """A step as it stands."""
        return self._plan.steps[self._places[position]]

    async def save(
        self,
        change: Callable[[Plan], Plan],
        lines: Sequence[Line] = (),
        ending: Ending | None = None,
    ) -> None:
        """Keep all of a change, or raise: Fenced when the plan is another process's, Unavailable.

        A cancelled caller keeps it, too.
        """
        with anyio.CancelScope(shield=True):
            async with self._turn:
                after = change(self._plan)
                self._fault("save.before")
                await self._journal.save(self._claim, Change(self._plan, after, lines, ending))
                self._plan = after
                self._fault("save.after")

    async def note(self, line: Line) -> None:
        """Add a line to the ledger."""
        await self.save(lambda plan: plan, [line])

    def teller(self, step: Step | None = None) -> Progress:
        """What takes sentences on how far a step is, or the plan: each is an event."""

        async def tell(sentence: str) -> None:
            if sentence == self._told:
                return
            self._told = sentence
            about = {} if step is None else {"repository_id": step.repository_id}
            try:
                data = {**about, "message": sentence}
                await self._journal.tell(self._claim.plan_id, "plan.progress", data)
            except Unavailable as error:
                _log.warning("nobody was told how far a plan is", reason=error.message)

        return tell

    async def watch(self) -> None:
        """Notice that somebody asks for the end of the plan. Raises Fenced, Unavailable."""
        while not self._is_cancelled:
            seen = self._journal.version
            try:
                self._is_cancelled = await self._journal.is_cancelled(self._claim)
            except Fenced:
                async with self._turn:
                    if self._plan.goal is None:
                        return
                raise
            if not self._is_cancelled:
                await self._journal.changed(seen, LOOK_SECONDS)
        for scope in self._stoppable:
            scope.cancel()

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """What is left half-way as soon as somebody asks for the end of the plan."""
        with anyio.CancelScope() as scope:
            self._stoppable.add(scope)
            if self._is_cancelled:
                scope.cancel()
            try:
                yield
            finally:
                self._stoppable.discard(scope)
