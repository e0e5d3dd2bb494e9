"""Measures whole runs against a bare loop that only spawns the same shells, in one run.

    python -m tests.benchmarks.pipeline_engine [--rounds N] [--slots N]

A run of five stages of twenty `true` scripts goes through the engine as it is used: checkout,
SQLite journal, events, logs, masking, and processes without isolation and at the best level here.
Its repository has one file; rounds alternate with those of the bare loop, and with runs of a single
job, which show what a run costs beside its jobs. Then it measures, on a repository of 1,000 files,
how long it takes from carrying a run out to the first line of its script, and from cancelling a run
to its end, when no process of it is left.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gitops_auditor.__main__ import YOUNG_OBJECTS
from gitops_auditor.config import load_settings
from gitops_auditor.execution.job_user import resolve_job_user
from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.supervision.orders import Isolation
from gitops_auditor.identity import SYSTEM
from gitops_auditor.pipelines.engine.engine import RunEngine
from gitops_auditor.pipelines.engine.options import EngineParts
from gitops_auditor.pipelines.engine.slots import Slots
from gitops_auditor.pipelines.jobs.script import ScriptJobs
from gitops_auditor.pipelines.store.journal import Journal
from gitops_auditor.pipelines.workspaces import RunWorkspaces
from gitops_auditor.services import Services, open_services
from tests.benchmarks.pipelines import (
    GRACE,
    JOBS,
    POLITE,
    STAGES,
    STUBBORN,
    WIDTH,
    bare,
    best_level,
    staged,
    watch_by_pidfd,
)
from tests.factories.git import make_repository
from tests.pipelines.engine.world import add_run

FILES = 1000
FIRST_JOB = "only/only"


@dataclass(frozen=True)
class Sandbox:
    """Processes at one level, whatever else the machine offers."""

    processes: Processes
    isolation: Isolation
    user: tuple[int, int] | None

    async def level(self) -> Isolation:
        """The level."""
        return self.isolation


@dataclass(frozen=True)
class Bench:
    """What carries out runs. `commits` has one of each repository."""

    services: Services
    processes: Processes
    commits: dict[str, str]
    slots: int

    def engine(self, isolation: Isolation) -> RunEngine:
        """An engine as the platform's own, but for the level of its jobs."""
        services, settings = self.services, self.services.settings
        sandbox = Sandbox(self.processes, isolation, resolve_job_user())
        parts = EngineParts(
            journal=Journal(services.database, services.events, services.audit),
            process=services.process,
            handlers={"script": ScriptJobs.open(settings, services.pipelines.artifacts, sandbox)},
            workspaces=RunWorkspaces(services.repositories, settings),
            logs=services.pipelines.logs,
            slots=Slots(self.slots),
            longest_seconds=settings.pipeline_timeout_seconds,
            grace_seconds=settings.grace_seconds,
        )
        return RunEngine(parts)

    async def add(self, source: str, repository: str) -> str:
        """A run of a commit of the `small` or the `large` repository that waits."""
        found = await self.services.repositories.all()
        (chosen,) = [one.id for one in found if one.name == repository]
        values = {"repository_id": chosen, "commit_sha": self.commits[repository]}
        return await add_run(self.services.database, source, **values)


def staged_source() -> str:
    """The definition of the stages that the bare loop runs, too."""
    jobs = "\n".join(f"      - {{name: job-{number}, script: 'true'}}" for number in range(WIDTH))
    stages = "".join(
        f"  - name: stage-{number}\n    parallel: true\n    jobs:\n{jobs}\n"
        for number in range(STAGES)
    )
    return f"name: bench\nstages:\n{stages}"


def single_source(script: str) -> str:
    """The definition of one job."""
    return (
        "name: bench\nstages:\n  - name: only\n    jobs:\n      - name: only\n"
        f"        script: |\n          {script}\n"
    )


async def whole(bench: Bench, engine: RunEngine, source: str) -> float:
    """Seconds of a whole run."""
    run_id = await bench.add(source, "small")
    started = time.perf_counter()
    status = await engine.run(run_id)
    assert status == "success", status
    return time.perf_counter() - started


async def first_line(bench: Bench, engine: RunEngine) -> float:
    """Seconds from carrying a run out to the first command of its script."""
    run_id = await bench.add(single_source("date +%s.%N"), "large")
    started = time.time()
    assert await engine.run(run_id) == "success"
    log = await bench.services.pipelines.logs.read(run_id, FIRST_JOB, 1, 0, 65536)
    return float(log.data.splitlines()[-1]) - started


async def cancelled(bench: Bench, engine: RunEngine, script: str) -> float:
    """Seconds from asking a run to end to its end."""
    services = bench.services
    run_id = await bench.add(single_source(script), "large")
    running = asyncio.create_task(engine.run(run_id))
    async with asyncio.timeout(30):
        while b"ready" not in (await _log(services, run_id)):  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.01)
    started = time.perf_counter()
    async with services.audit.operation("benchmark", "cancel_run", {}):
        await services.pipelines.runs.cancel(run_id)
    assert await running == "cancelled"
    return time.perf_counter() - started


async def _log(services: Services, run_id: str) -> bytes:
    return (await services.pipelines.logs.read(run_id, FIRST_JOB, 1, 0, 65536)).data


@asynccontextmanager
async def opened(folder: Path, slots: int) -> AsyncIterator[Bench]:
    """Services that know one repository of a thousand files."""
    files = {f"src/part_{number % 40}/file_{number}.txt": f"{number}\n" for number in range(FILES)}
    commits = {
        "small": await make_repository(folder / "repositories" / "small", {"README.md": "small"}),
        "large": await make_repository(folder / "repositories" / "large", files),
    }
    settings = load_settings(
        {}, data_dir=folder / "data", workspaces=folder / "runs", grace_seconds=GRACE
    )
    async with open_services(settings) as services, Processes.open() as processes:
        async with services.audit.operation("benchmark", "discover_repositories", {}):
            await services.repositories.discover(folder / "repositories", SYSTEM)
        yield Bench(services, processes, commits, slots)


async def measure(folder: Path, rounds: int, slots: int) -> None:
    """Print medians and ratios."""
    async with opened(folder, slots) as bench:
        best = await best_level(bench.processes, folder / "runs")
        levels = sorted({Isolation.NONE, best})
        engines = {level: bench.engine(level) for level in levels}
        seconds: dict[str, list[float]] = {}
        sources = {"engine": staged_source(), "one job": single_source("true")}
        for _ in range(rounds + 1):
            seconds.setdefault("bare loop", []).append(await staged(bare, slots))
            for level, engine in engines.items():
                for name, source in sources.items():
                    each = seconds.setdefault(f"{name}, {level.name.lower()}", [])
                    each.append(await whole(bench, engine, source))
        _print_ratios(seconds, slots, rounds)
        for level, engine in engines.items():
            first = [await first_line(bench, engine) for _ in range(rounds)]
            print(f"first line, {level.name.lower():12} {statistics.median(first) * 1000:7.1f} ms")
            for name, script, grace in (("polite", POLITE, 0.0), ("stubborn", STUBBORN, GRACE)):
                each = [await cancelled(bench, engine, script) for _ in range(rounds)]
                beyond = (statistics.median(each) - grace) * 1000
                print(
                    f"cancel, {level.name.lower()}, {name:10} {beyond:7.1f} ms beyond {grace:g} s"
                )


def _print_ratios(seconds: dict[str, list[float]], slots: int, rounds: int) -> None:
    print(f"{JOBS} jobs in {STAGES} stages, {slots} at once, median of {rounds} rounds")
    # The first round starts supervisors.
    medians = {name: statistics.median(each[1:]) for name, each in seconds.items()}
    for name, median in medians.items():
        ratio = median / medians["bare loop"]
        print(f"{name:24} {median * 1000:7.1f} ms  {ratio:5.2f} x floor")


def made_passable(folder: Path) -> Path:
    """The folder, with one for runs that the user of jobs can reach."""
    folder.chmod(0o711)
    (folder / "runs").mkdir(mode=0o711)
    return folder


async def run(options: argparse.Namespace) -> None:
    """Make the folders and measure in them."""
    watch_by_pidfd()
    with tempfile.TemporaryDirectory(prefix="gitops-bench-") as temporary:
        await measure(made_passable(Path(temporary)), options.rounds, options.slots)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="pipeline_engine", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--slots", type=int, default=4)
    # As the command does: both sides of the ratio run under it.
    gc.set_threshold(YOUNG_OBJECTS)
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
