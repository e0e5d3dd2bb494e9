"""What each kind of step is made of.

A step goes: `observe` is kept as the pre-image and the intent, then `perform`, then its result is
kept. After a crash `perform` is called again with the same pre-image, or `undo` without a result.
"""

from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple, Protocol

from pydantic import JsonValue

from gitops_auditor.orchestrator.records import Goal, Plan, Rendering, Step
from gitops_auditor.repositories.models import Repository

Facts = dict[str, JsonValue]
Progress = Callable[[str], Awaitable[None]]


class StepContext(NamedTuple):
    """A step and what it belongs to. `tell` takes a sentence on how far it is."""

    plan: Plan
    step: Step
    repository: Repository
    rendering: Rendering
    goal: Goal
    tell: Progress


class Undone(NamedTuple):
    """How undoing went, and a sentence: what was undone, or what somebody has to do by hand.

    `nothing`: the effect had never happened.
    """

    outcome: Literal["undone", "nothing", "not_undone"]
    sentence: str


class Effect(Protocol):
    """One kind of step. All of it is safe to repeat.

    Raises GitOpsError: Conflict and Stale mean that the step failed, and so does WorkFailed;
    anything else that it errored, and may be tried again.
    """

    async def observe(self, context: StepContext) -> Facts:
        """What it is about to change, as it is now. Raises Stale when that is not as planned."""
        ...

    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        """Do it, or find it done by an earlier try, and return what there is to know of it."""
        ...

    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        """Bring back what `pre_image` tells of, unless somebody else has changed it since."""
        ...

    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        """A sentence on how the present state differs from the pre-image; None when it is equal."""
        ...
