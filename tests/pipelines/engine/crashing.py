"""Kills a process that carries out a run, lets another one finish it, and looks what became of it.

`python -m tests.pipelines.engine.crashing FOLDER` reads scenarios from standard input, a JSON array
`[point, occurrence, seconds]` a line, and prints a JSON object for each. The process is killed at
an occurrence of a named point, or after some seconds when the point is empty.
"""

import asyncio
import json
import os
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
from sqlalchemy import select

from gitops_auditor.execution.supervision.process_tree import processes_of_job
from gitops_auditor.pipelines.engine.ports import Point
from gitops_auditor.pipelines.executor.executor import Executor
from gitops_auditor.storage.database import Database
from gitops_auditor.storage.pipeline_tables import run_attempts
from tests.factories.databases import migrated_sqlite
from tests.pipelines.engine.world import World, add_run, open_world

JOB = "echo $JOB >> $WORK/began; sleep 0.03; echo $JOB >> $WORK/done"
PIPELINE = f"""
name: p
stages:
  - name: build
    parallel: true
    jobs:
      - {{name: a, script: '{JOB}', matrix: {{n: [1, 2, 3]}}}}
      - name: flaky
        script: '{JOB}; test $ATTEMPT != 1'
        retries: {{limit: 5, delay: 0}}
  - name: test
    jobs: [{{name: b, script: '{JOB}'}}, {{name: c, script: '{JOB}', needs: [b]}}]
always: [{{name: d, script: '{JOB}'}}]
"""
FINISH_SECONDS = 30.0


@dataclass(frozen=True)
class Verdict:
    """What became of one scenario. `again` are jobs that ran again though they had succeeded."""

    point: str
    killed: bool
    status: str
    reason: str
    lost: int
    again: list[str]
    left: list[int]
    folders: list[str]
    unfinished: list[str]
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether the run succeeded in the end and nothing was left or done twice."""
        wrong = self.again or self.left or self.folders or self.unfinished
        return self.status == "success" and not wrong


def prepare(folder: Path) -> tuple[str, str]:
    """A database with one run: its URL and the run's id."""

    async def added() -> tuple[str, str]:
        url = await migrated_sqlite(folder)
        async with Database.open(url) as database:
            return url, await add_run(database, PIPELINE)

    return asyncio.run(added())


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


async def carry_out(folder: Path, url: str, bomb: Bomb) -> None:
    """Be the executor until there is nothing to do."""
    async with Database.open(url) as database, open_world(folder, database, fault=bomb) as world:
        executor = Executor(world.engine, world.journal, world.process, folder)
        with anyio.fail_after(FINISH_SECONDS):
            await executor.work(until_idle_seconds=0)


async def counted(folder: Path, url: str) -> Counter[str]:
    """How often a run that nobody kills comes by each point."""
    bomb = Bomb("", 0)
    await carry_out(folder, url, bomb)
    return bomb.counts


def play(folder: Path, point: str, occurrence: int, seconds: float) -> Verdict:
    """One scenario in an empty folder."""
    folder.mkdir()
    url, run_id = prepare(folder)
    pid = forked(carry_out(folder, url, Bomb(point, occurrence)))
    if not point:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    done = asyncio.run(successes(folder, url, run_id))
    before = Counter(began(folder))
    started = time.monotonic()
    finisher = forked(carry_out(folder, url, Bomb("", 0)))
    os.waitpid(finisher, 0)
    took = time.monotonic() - started
    after = Counter(began(folder))
    again = [job for job in done if after[job] > before[job]]
    killed = os.WIFSIGNALED(status)
    return asyncio.run(judge(folder, url, run_id, point or f"{seconds:.3f} s", killed, again, took))


def began(folder: Path) -> list[str]:
    """The jobs that began, as often as they did."""
    path = folder / "work" / "began"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


async def successes(folder: Path, url: str, run_id: str) -> list[str]:
    """The jobs that the journal has as done."""
    async with Database.open(url) as database, open_world(folder, database) as world:
        return [name for name, row in (await world.jobs(run_id)).items() if row.status == "success"]


async def judge(
    folder: Path, url: str, run_id: str, point: str, killed: bool, again: list[str], took: float
) -> Verdict:
    """What the database, the processes and the folders say."""
    async with Database.open(url) as database, open_world(folder, database) as world:
        attempts = await world.attempts(run_id)
        run = await world.run(run_id)
        return Verdict(
            point=point,
            killed=killed,
            status=run.status,
            reason=run.reason,
            lost=sum(failure == "lost" for *_, failure in attempts),
            again=again,
            left=await left(world),
            folders=[path.name for path in (folder / "runs").glob("*")],
            unfinished=[job for job, _, status, _ in attempts if status == "running"],
            seconds=took,
        )


async def left(world: World) -> list[int]:
    """The processes of any attempt that still run."""
    async with world.database.read() as connection:
        cookies = (await connection.scalars(select(run_attempts.c.cookie))).all()
    return [pid for cookie in cookies for pid in processes_of_job(cookie)]


def main() -> None:
    """See the module's docstring. The first line printed are the counts of all points."""
    base = Path(sys.argv[1])
    (base / "counting").mkdir()
    url, _ = prepare(base / "counting")
    print(json.dumps(asyncio.run(counted(base / "counting", url))), flush=True)
    for number, line in enumerate(sys.stdin):
        verdict = play(base / str(number), *json.loads(line))
        print(json.dumps({**asdict(verdict), "is_sound": verdict.is_sound}), flush=True)


if __name__ == "__main__":
    main()
