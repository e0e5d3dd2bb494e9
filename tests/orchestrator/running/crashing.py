"""Kills a process that carries out a plan, lets another one finish it, and looks what became of it.

`python -m tests.orchestrator.running.crashing FOLDER GOAL` prints, as JSON, how often a process
that nobody kills comes by each point; then it reads scenarios from standard input, a JSON array
`[point, occurrence, seconds]` a line, and prints a JSON object for each. The process is killed at
an occurrence of a named point, or after some seconds when the point is empty. The goals: `execute`
six repositories in four phases, or `undo` three of them, since the gates of the third are red.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

from gitops_auditor.orchestrator.records import LedgerEntry, Plan
from gitops_auditor.orchestrator.running.ports import Point
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.storage.database import Database
from tests.factories.databases import migrated_sqlite
from tests.orchestrator.running.world import World, family, kept, open_world

FINISH_SECONDS = 60.0
PLAN_ID = "0" * 24


@dataclass(frozen=True)
class Verdict:
    """What became of one scenario. `wrong` is all that is not as it should be, a sentence each."""

    point: str
    killed: bool
    status: str
    again: int
    """Effects that were begun once more by the second process."""
    wrong: list[str]
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether the plan ended as it should, and left what it should."""
        return not self.wrong


def prepare(folder: Path, goal: str) -> None:
    """A folder with a database that has a plan with a goal."""

    async def prepared() -> None:
        async with Database.open(await migrated_sqlite(folder)) as database:
            await kept(database, family("all", id=PLAN_ID))
            async with open_world(folder, database) as world:
                await world.runs.execute(PLAN_ID, "ann")
        if goal == "undo":
            (folder / "red-3").touch()

    asyncio.run(prepared())


def forked(work: Coroutine[Any, Any, None]) -> int:
    """Run a coroutine in a process of its own; its id."""
    pid = os.fork()
    if pid:
        work.close()
        return pid
    status = 1
    try:
        asyncio.run(work)
        status = 0
    except BaseException:  # noqa: BLE001 - the process ends here, whatever it was
        traceback.print_exc()
    finally:
        os._exit(status)


class Bomb:
    """Kills its process at the n-th time that a point is reached; counts all points."""

    def __init__(self, point: str, occurrence: int) -> None:
        self.counts: Counter[str] = Counter()
        self._deadly = point, occurrence

    def __call__(self, point: Point) -> None:
        self.counts[point] += 1
        if (point, self.counts[point]) == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)


async def carry_out(folder: Path, bomb: Bomb) -> None:
    """Drive the plan until it has no goal."""
    url = f"sqlite:///{folder / 'test.db'}"
    async with Database.open(url) as database, open_world(folder, database, fault=bomb) as world:
        await world.audit.settle()
        with anyio.fail_after(FINISH_SECONDS):
            await world.driver.carry_out(PLAN_ID)


def play(folder: Path, prepared: Path, goal: str, scenario: tuple[str, int, float]) -> Verdict:
    """One scenario in a copy of the prepared folder."""
    point, occurrence, seconds = scenario
    shutil.copytree(prepared, folder)
    pid = forked(carry_out(folder, Bomb(point, occurrence)))
    if not point:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    started = time.monotonic()
    finisher = forked(carry_out(folder, Bomb("", 0)))
    os.waitpid(finisher, 0)
    took = time.monotonic() - started
    name = f"{point} {occurrence}" if point else f"{seconds:.3f} s"
    return asyncio.run(judge(folder, goal, name, os.WIFSIGNALED(status), took))


async def judge(folder: Path, goal: str, name: str, killed: bool, took: float) -> Verdict:
    """What the database and the files say."""
    async with (
        Database.open(f"sqlite:///{folder / 'test.db'}") as database,
        open_world(folder, database) as world,
    ):
        plan = await world.journal.get(PLAN_ID)
        async with database.read() as connection:
            lines = await store.ledger(connection, PLAN_ID)
        audit = await world.audit.verify()
        wrong = [*faults(world, plan, goal), *ledger_faults(plan, lines)]
        wrong += [one.message for one in audit.problems]
        intents = Counter(one.position for one in lines if one.entry == "intent")
        again = sum(count - 1 for count in intents.values())
        return Verdict(name, killed, plan.status, again, wrong, took)


def faults(world: World, plan: Plan, goal: str) -> list[str]:
    """What is not as the goal wants it."""
    found = []
    expected = "completed" if goal == "execute" else "held"
    if plan.status != expected or plan.goal is not None:
        found.append(f"The plan is {plan.status}: {plan.reason}")
    statuses = [one.status for one in plan.phases]
    wanted = ["completed"] * 4 if goal == "execute" else [*["rolled_back"] * 3, "not_started"]
    if statuses != wanted:
        found.append(f"The phases are {statuses}.")
    if world.snapshot() != snapshot_of(plan, goal):
        found.append(f"There is {world.snapshot()}.")
    made = Counter(path.name.split(".")[0] for path in requests(world))
    found += [f"{name} was made {count} times." for name, count in made.items() if count > 1]
    return found


def requests(world: World) -> list[Path]:
    """Every numbered thing that was ever made."""
    return [*(world.effects.folder / "requests").glob("*")]


def snapshot_of(plan: Plan, goal: str) -> dict[str, str]:
    """What there should be in the end."""
    if goal == "undo":
        touched = [one.repository_id for one in plan.renderings if one.phase <= 3]
        return {f"closed {one}": "" for one in touched}
    found = {f"open {one.repository_id}": "" for one in plan.renderings}
    for step in plan.steps:
        if step.kind != "pull_request":
            folder = "branch" if step.kind == "branch" else "heads"
            found[f"{folder}/{step.repository_id}"] = step.marker
    return found


def ledger_faults(plan: Plan, lines: list[LedgerEntry]) -> list[str]:
    """Steps whose journal does not tell what became of them, exactly once."""
    entries: Counter[tuple[int, str]] = Counter((one.position, one.entry) for one in lines)
    found = []
    for step in plan.steps:
        wanted = {"done": ("done",), "undone": ("done", "undone")}.get(step.status, ())
        counts = {one: entries[step.position, one] for one in wanted}
        if any(count != 1 for count in counts.values()):
            found.append(f"The ledger of step {step.position} has {counts}.")
    return found


def counted(folder: Path, prepared: Path) -> Counter[str]:
    """How often a process that nobody kills comes by each point."""
    shutil.copytree(prepared, folder)
    bomb = Bomb("", 0)
    asyncio.run(carry_out(folder, bomb))
    return bomb.counts


def main() -> None:
    """See the module's docstring."""
    base, goal = Path(sys.argv[1]), sys.argv[2]
    prepared = base / "prepared"
    prepared.mkdir(parents=True)
    prepare(prepared, goal)
    print(json.dumps(counted(base / "counting", prepared)), flush=True)
    for number, line in enumerate(sys.stdin):
        verdict = play(base / str(number), prepared, goal, json.loads(line))
        print(json.dumps({**asdict(verdict), "is_sound": verdict.is_sound}), flush=True)
        shutil.rmtree(base / str(number))


if __name__ == "__main__":
    main()
