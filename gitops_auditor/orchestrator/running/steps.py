"""Performs and undoes single steps: the intent is kept before the effect, the outcome after it."""

from datetime import UTC, datetime
from typing import Final, Literal

from gitops_auditor.errors import JsonValue
from gitops_auditor.orchestrator.effects.effect import Facts, StepContext, Undone
from gitops_auditor.orchestrator.records import Step
from gitops_auditor.orchestrator.running import transitions
from gitops_auditor.orchestrator.running.ledger import Ledger
from gitops_auditor.orchestrator.running.parts import DriverParts
from gitops_auditor.orchestrator.running.states import IllegalTransition
from gitops_auditor.orchestrator.running.trying import Stopped, tried, tried_often
from gitops_auditor.orchestrator.store.driving import Ending, Line

PERFORM: Final = "plan_step"
UNDO: Final = "undo_plan_step"


def actor_of(plan_id: str) -> str:
    """In whose name a plan acts, as the audit shows it."""
    return f"plan {plan_id}"


class StepRunner:
    """The steps of one claimed plan. Each is an operation in the audit log."""

    def __init__(self, ledger: Ledger, parts: DriverParts) -> None:
        self._ledger = ledger
        self._parts = parts

    async def perform(self, position: int) -> None:
        """Perform a step and keep what became of it; before another try, wait.

        One that an earlier process began is performed with the pre-image that is kept.
        """
        step = self._ledger.step(position)
        async with self._parts.audit.operation(actor_of(self._plan_id), PERFORM, self._facts(step)):
            stopped = await self._perform(step)
        if stopped is not None and stopped.kind == "errored":
            attempt = self._ledger.step(position).attempt
            if attempt < self._parts.patience.tries:
                await self._parts.patience.wait(attempt)

    async def undo(self, position: int) -> None:
        """Undo a step, compare with its pre-image, and keep what became of it."""
        step = self._ledger.step(position)
        async with self._parts.audit.operation(actor_of(self._plan_id), UNDO, self._facts(step)):
            await self._undo(step, step.pre_image or {})

    async def _perform(self, step: Step) -> Stopped | None:
        pre_image = step.pre_image
        if pre_image is None:
            observed = await tried(self._observe(step))
            if isinstance(observed, Stopped):
                return await self._stop(step, observed)
            pre_image = observed
        await self._begin(step, pre_image)
        self._parts.fault("effect.before")
        result = await tried(self._effect(self._ledger.step(step.position), pre_image))
        self._parts.fault("effect.after")
        if isinstance(result, Stopped):
            return await self._stop(step, result)
        await self._ledger.save(
            lambda plan: transitions.step_done(plan, step.position, result, _now()),
            [Line(step.position, "done", {"result": result})],
            Ending(pre_image, result),
        )
        return None

    async def _begin(self, step: Step, pre_image: Facts) -> None:
        await self._ledger.save(
            lambda plan: transitions.step_begun(plan, step.position, pre_image, _now()),
            [Line(step.position, "intent", {"pre_image": pre_image})],
        )

    async def _stop(self, step: Step, stopped: Stopped) -> Stopped:
        about: dict[str, JsonValue] = {"kind": stopped.kind, "reason": stopped.reason}
        await self._ledger.save(
            lambda plan: transitions.step_stopped(plan, step.position, *stopped, _now()),
            [Line(step.position, "failed", about)],
            Ending(error={"code": stopped.kind, "message": stopped.reason}),
        )
        return stopped

    async def _undo(self, step: Step, pre_image: Facts) -> None:
        position = step.position
        before: dict[str, JsonValue] = {"pre_image": pre_image, "result": step.result}
        await self._ledger.note(Line(position, "undo", before))
        undone = await tried_often(lambda: self._undone(step, pre_image), self._parts.patience)
        if isinstance(undone, Stopped):
            undone = Undone("not_undone", f"{undone.reason} {step.undo}".strip())
        outcome, sentence = undone
        status: Literal["undone", "not_undone"] = (
            "not_undone" if outcome == "not_undone" else "undone"
        )
        error = {"code": status, "message": sentence} if outcome == "not_undone" else None
        await self._ledger.save(
            lambda plan: transitions.step_undone(plan, position, status, sentence, _now()),
            [Line(position, status, {"outcome": outcome, "sentence": sentence})],
            Ending(None if error else before, None if error else pre_image, error),
        )

    async def _undone(self, step: Step, pre_image: Facts) -> Undone:
        context, effect = await self._context(step), self._parts.effects[step.kind]
        self._parts.fault("undo.before")
        undone = await effect.undo(context, pre_image, step.result)
        self._parts.fault("undo.after")
        if undone.outcome == "not_undone":
            return undone
        difference = await effect.differs(context, pre_image)
        return undone if difference is None else Undone("not_undone", difference)

    async def _observe(self, step: Step) -> Facts:
        return await self._parts.effects[step.kind].observe(await self._context(step))

    async def _effect(self, step: Step, pre_image: Facts) -> Facts:
        return await self._parts.effects[step.kind].perform(await self._context(step), pre_image)

    async def _context(self, step: Step) -> StepContext:
        plan = self._ledger.plan
        if plan.goal is None:
            raise IllegalTransition(f"The plan {plan.id} has no goal.")
        return StepContext(
            plan=plan,
            step=step,
            repository=await self._parts.repositories.get(step.repository_id),
            rendering=plan.rendering(step.repository_id),
            goal=plan.goal,
            tell=self._ledger.teller(step),
        )

    def _facts(self, step: Step) -> Facts:
        return {
            "plan_id": self._plan_id,
            "hash": self._ledger.plan.hash,
            "position": step.position,
            "kind": step.kind,
            "repository_id": step.repository_id,
        }

    @property
    def _plan_id(self) -> str:
        return self._ledger.plan.id


def _now() -> datetime:
    return datetime.now(UTC)
