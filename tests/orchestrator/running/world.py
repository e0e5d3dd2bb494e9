"""A driver of plans on a real database, whose effects are files that anybody can look at."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
from sqlalchemy import select
from typing_extensions import override

from gitops_auditor.audit import Audit
from gitops_auditor.errors import Stale
from gitops_auditor.events import EventLog
from gitops_auditor.orchestrator.changes import RunScript
from gitops_auditor.orchestrator.effects.effect import Effect, Facts, Progress, StepContext, Undone
from gitops_auditor.orchestrator.fields import RollbackPolicy, StepKind
from gitops_auditor.orchestrator.records import GateEvidence, Phase, Plan, Step
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.orchestrator.running.commands import PlanRuns
from gitops_auditor.orchestrator.running.driver import PlanDriver
from gitops_auditor.orchestrator.running.parts import DriverParts
from gitops_auditor.orchestrator.running.ports import CarryOut, FaultPoint, no_fault
from gitops_auditor.orchestrator.running.trying import Patience
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.orchestrator.store.driving import PlanJournal
from gitops_auditor.repositories.models import Repository
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.tables import events
from gitops_auditor.work import Process, open_process
from tests.orchestrator.plans import plan_of, step

KINDS: tuple[StepKind, ...] = ("branch", "pull_request", "merge")
SECONDS = 60.0

Hook = Callable[[StepContext], Awaitable[None]]


async def no_hook(_context: StepContext) -> None:
    """Nothing happens."""


class Effects:
    """What the effects of a folder share. `before` and `undoing` are awaited first; they raise what
    the effect then raises.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before: Hook = no_hook
        self.undoing: Hook = no_hook

    def path(self, context: StepContext, kind: str) -> Path:
        path = self.folder / kind / context.repository.id.replace("/", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class BranchFile(Effect):
    """A file that is not there before."""

    def __init__(self, shared: Effects) -> None:
        self._shared = shared

    @override
    async def observe(self, context: StepContext) -> Facts:
        return {"exists": self._shared.path(context, "branch").exists()}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        await self._shared.before(context)
        self._shared.path(context, "branch").write_text(context.step.marker, encoding="utf-8")
        return {"path": "branch"}

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        await self._shared.undoing(context)
        path = self._shared.path(context, "branch")
        if not path.exists():
            return Undone("nothing", "There is no branch.")
        if path.read_text(encoding="utf-8") != context.step.marker:
            return Undone("not_undone", f"Somebody pushed to the branch of {path.name}.")
        path.unlink()
        return Undone("undone", "Deleted the branch.")

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        return "There is a branch." if self._shared.path(context, "branch").exists() else None


class RequestFile(Effect):
    """A numbered thing that is made once, and closed for ever."""

    def __init__(self, shared: Effects) -> None:
        self._shared = shared

    def found(self, context: StepContext) -> list[Path]:
        path = self._shared.path(context, "requests")
        return sorted(path.parent.glob(f"{path.name}.*"))

    @override
    async def observe(self, context: StepContext) -> Facts:
        return {"open": False}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        await self._shared.before(context)
        if not self.found(context):
            path = self._shared.path(context, "requests")
            path.with_name(f"{path.name}.{os.urandom(4).hex()}").write_text("", encoding="utf-8")
        return {"number": self.found(context)[0].name}

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        await self._shared.undoing(context)
        for path in self.found(context):
            if path.suffix != ".closed":
                path.rename(f"{path}.closed")
        return Undone("undone", "Closed it.")

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        left = [one for one in self.found(context) if one.suffix != ".closed"]
        return "It is open." if left else None


class HeadFile(Effect):
    """A file with a value that is moved from where it is expected."""

    def __init__(self, shared: Effects) -> None:
        self._shared = shared

    def read(self, context: StepContext) -> str:
        path = self._shared.path(context, "heads")
        return path.read_text(encoding="utf-8") if path.exists() else "base"

    def move(self, context: StepContext, expected: str, value: str) -> None:
        present = self.read(context)
        if present not in (expected, value):
            raise Stale(f"The head is {present}.", hint="Look who moved it.")
        path = self._shared.path(context, "heads")
        scratch = self._shared.folder.with_name(f"scratch-{path.name}-{os.getpid()}")
        scratch.write_text(value, encoding="utf-8")
        scratch.replace(path)

    @override
    async def observe(self, context: StepContext) -> Facts:
        return {"head": self.read(context)}

    @override
    async def perform(self, context: StepContext, pre_image: Facts) -> Facts:
        await self._shared.before(context)
        self.move(context, str(pre_image["head"]), context.step.marker)
        return {"head": context.step.marker}

    @override
    async def undo(self, context: StepContext, pre_image: Facts, result: Facts | None) -> Undone:
        await self._shared.undoing(context)
        try:
            self.move(context, context.step.marker, str(pre_image["head"]))
        except Stale as moved:
            return Undone("not_undone", f"{moved.message} Revert {context.repository.id} by hand.")
        return Undone("undone", "Moved it back.")

    @override
    async def differs(self, context: StepContext, pre_image: Facts) -> str | None:
        present = self.read(context)
        return None if present == pre_image["head"] else f"The head is {present}."


class GateFiles:
    """Gates that are red where the folder has a file of the phase's number, and that answer with
    `red` then.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, str, Sequence[str] | None]] = []
        self.before: Callable[[], Awaitable[None]] | None = None
        self.red = "failed"

    async def ask(
        self,
        _plan: Plan,
        phase: Phase,
        repository_id: str,
        commit: str,
        quality_gates: Sequence[str] | None,
        actor: str,
    ) -> list[GateEvidence]:
        self.asked.append((repository_id, actor, quality_gates))
        if self.before is not None:
            await self.before()
        is_red = (self.folder / f"red-{phase.number}").exists()
        evidence = GateEvidence(
            repository_id=repository_id,
            gate_type="post_phase",
            commit=commit,
            validation_id="v",
            status=self.red if is_red else "passed",
            passed=not is_red,
            reason="Tests fail." if is_red else "",
        )
        return [evidence]


class Surroundings:
    """Repositories, and the barrier between phases; what has `moved` makes plans stale."""

    def __init__(self) -> None:
        self.moved = ""
        self.waiting: Callable[[Phase], Awaitable[None]] | None = None

    async def get(self, repository_id: str) -> Repository:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return Repository(id=repository_id, name=repository_id, created_at=now, updated_at=now)

    async def wait(self, _plan: Plan, phase: Phase, tell: Progress) -> list[str]:
        if self.waiting is not None:
            await tell(f"Phase {phase.number} waits.")
            await self.waiting(phase)
        return []

    async def require(self, _plan: Plan) -> None:
        if self.moved:
            raise Stale(
                f"{self.moved} moved.", hint="Plan again.", details={"differences": [self.moved]}
            )


class Desk:
    """Keeps what was submitted."""

    def __init__(self) -> None:
        self.waiting_for: list[CarryOut] = []

    async def waiting(self, carry_out: CarryOut) -> None:
        self.waiting_for.append(carry_out)


@dataclass
class World:
    """Everything a test needs of one process."""

    folder: Path
    database: Database
    journal: PlanJournal
    process: Process
    audit: Audit
    parts: DriverParts
    driver: PlanDriver
    runs: PlanRuns
    effects: Effects
    gates: GateFiles
    around: Surroundings
    desk: Desk

    def with_parts(self, **changed: Any) -> "World":
        """The same with other parts."""
        parts = replace(self.parts, **changed)
        return replace(self, parts=parts, driver=PlanDriver(parts))

    async def drive(self, plan_id: str) -> Plan:
        """Drive a plan to the end of its goal; how it is then."""
        with anyio.fail_after(SECONDS):
            await self.driver.drive(plan_id)
        return await self.journal.get(plan_id)

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something holds that the database tells, looked at after each commit."""
        with anyio.fail_after(SECONDS):
            while True:
                seen = self.database.changes.version
                if await condition():
                    return
                await self.database.changes.wait(seen, 1.0)

    def snapshot(self) -> dict[str, str]:
        """What the effects have made; numbered things without their numbers."""
        found = {}
        for path in sorted(self.effects.folder.rglob("*")):
            if path.is_file() and "requests" in path.parts:
                state = "closed" if path.suffix == ".closed" else "open"
                found[f"{state} {path.name.split('.')[0]}"] = ""
            elif path.is_file():
                value = path.read_text(encoding="utf-8")
                if (path.parent.name, value) != ("heads", "base"):
                    found[str(path.relative_to(self.effects.folder))] = value
        return found


def family(policy: RollbackPolicy = "failed_phase", **changed: Any) -> Plan:
    """A plan of six repositories in four phases, with three steps in each."""
    plan = plan_of(("lib",), ("core", "api"), ("web", "cli"), ("shop",))
    steps: list[Step] = []
    for one in plan.renderings:
        for kind in KINDS:
            added = step(len(steps) + 1, one.phase, one.repository_id)
            steps.append(added.model_copy(update={"kind": kind}))
    request = PlanRequest(change=RunScript(script="date"), rollback=policy)
    known = {"steps": steps, "request": request, "needs_approval": False}
    return plan.model_copy(update={**known, **changed})


async def kept(database: Database, plan: Plan) -> Plan:
    """The plan, once it is in the database."""
    async with database.write() as transaction:
        await store.add(transaction, plan, {})
    return plan


@asynccontextmanager
async def open_world(
    folder: Path, database: Database, *, fault: FaultPoint = no_fault, workers: int = 4
) -> AsyncIterator[World]:
    """A driver of one process; several worlds may share a folder and a database."""
    async with open_process(database, folder) as process:
        audit = Audit(database, folder / "anchor", process)
        journal = PlanJournal(database, EventLog(database), audit)
        effects, gates, around, desk = (
            Effects(folder / "effects"),
            GateFiles(folder),
            Surroundings(),
            Desk(),
        )
        parts = DriverParts(
            journal=journal,
            process=process,
            audit=audit,
            repositories=around,
            effects={
                "branch": BranchFile(effects),
                "pull_request": RequestFile(effects),
                "merge": HeadFile(effects),
            },
            gates=gates,
            barrier=around,
            freshness=around,
            workers=workers,
            patience=Patience(3, 0.0),
            fault=fault,
        )
        driver = PlanDriver(parts)
        runs = PlanRuns(journal, audit, around, desk, ["github"], driver.carry_out)
        yield World(
            folder, database, journal, process, audit, parts, driver, runs, effects, gates,
            around, desk,
        )  # fmt: skip


async def started(world: World, plan: Plan) -> Plan:
    """The plan, told to be executed whole."""
    await kept(world.database, plan)
    return await world.runs.execute(plan.id, "ann")


def made_by(step: Step) -> tuple[str, str]:
    """What a step leaves in a snapshot."""
    if step.kind == "pull_request":
        return f"open {step.repository_id}", ""
    return f"{'branch' if step.kind == 'branch' else 'heads'}/{step.repository_id}", step.marker


async def told(world: World) -> list[str]:
    """The names of the events of plans, in order."""
    query = select(events.c.name).where(events.c.channel == "plans").order_by(events.c.seq)
    async with world.database.read() as connection:
        return [*await connection.scalars(query)]
