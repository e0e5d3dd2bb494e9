"""What carrying out plans needs of others, in its own words; whoever wires it hands it over."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

from gitops_auditor.orchestrator.effects.effect import Progress
from gitops_auditor.orchestrator.records import GateEvidence, Phase, Plan
from gitops_auditor.repositories.models import Repository


class Repositories(Protocol):
    """The registered repositories."""

    async def get(self, repository_id: str) -> Repository:
        """One of them. Raises NotFound."""
        ...


class Gates(Protocol):
    """Quality gates, asked about what a phase made."""

    async def ask(
        self,
        plan: Plan,
        phase: Phase,
        repository_id: str,
        commit: str,
        quality_gates: Sequence[str] | None,
        actor: str,
    ) -> list[GateEvidence]:
        """What they say of a commit; without `quality_gates` those of the phase are asked."""
        ...


class Barrier(Protocol):
    """Between two phases."""

    async def wait(self, plan: Plan, phase: Phase, tell: Progress) -> list[str]:
        """Wait until the phase can have what it needs of earlier ones; returns notes."""
        ...


class Freshness(Protocol):
    """Whether a plan still is what its hash says."""

    async def require(self, plan: Plan) -> None:
        """Raise Stale when something has changed under the phases that are still to be executed."""
        ...


Point = Literal[
    "claim.before",
    "claim.after",
    "save.before",
    "save.after",
    "effect.before",
    "effect.after",
    "undo.before",
    "undo.after",
    "gates.before",
    "gates.after",
]
"""Where a process may die: before and after all that it leaves for others to find."""

FaultPoint = Callable[[Point], None]
"""Is called at each point; what it does there is up to who makes the driver."""

CarryOut = Callable[[], Awaitable[None]]


class Dispatcher(Protocol):
    """Brings work to the process that carries it out."""

    async def waiting(self, carry_out: CarryOut) -> None:
        """See to it that some process takes what was committed; `carry_out` does it in this one."""
        ...


def no_fault(_point: Point) -> None:
    """Nothing happens."""
