"""Measures what a job costs against a bare loop that only spawns the same shells, in one run.

    python -m tests.benchmarks.pipelines [--rounds N] [--slots N]

A round runs five stages of twenty `true` scripts, each stage when the one before has ended, at most
`--slots` at once: by asyncio alone (the floor, with PidfdChildWatcher), and by `Processes`, which
supervises, limits, streams and ends them, without isolation and at the best level that this machine
offers. Rounds alternate, so that what else runs on the machine weighs on all alike.

Then it measures how long a cancelled job takes until its last process is gone: one that ends when
it is asked, and one that ignores that and is killed after its grace.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from gitops_auditor.execution.isolation import probe
from gitops_auditor.execution.job_user import hand_over, resolve_job_user
from gitops_auditor.execution.process import Processes
from gitops_auditor.execution.shells import shell
from gitops_auditor.execution.supervision import process_tree
from gitops_auditor.execution.supervision.orders import Isolation, Order

STAGES = 5
WIDTH = 20
JOBS = STAGES * WIDTH
GRACE = 0.5
POLITE = "echo ready; sleep 60"
STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.1; done"

Job = Callable[[], Awaitable[None]]


async def staged(job: Job, slots: int) -> float:
    """Seconds to run all stages, one after another."""
    free = asyncio.Semaphore(slots)

    async def one() -> None:
        async with free:
            await job()

    started = time.perf_counter()
    for _ in range(STAGES):
        await asyncio.gather(*(one() for _ in range(WIDTH)))
    return time.perf_counter() - started


def watch_by_pidfd() -> None:
    """Let asyncio notice ends the fastest way that it has."""
    watcher = asyncio.PidfdChildWatcher()
    watcher.attach_loop(asyncio.get_running_loop())
    asyncio.get_event_loop_policy().set_child_watcher(watcher)


async def bare() -> None:
    """The floor: a shell that is spawned and waited for."""
    nothing = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        *shell(), "true", stdin=nothing, stdout=nothing, stderr=nothing
    )
    assert await process.wait() == 0


def order(folder: Path, isolation: Isolation, script: str) -> Order:
    """The order for a script in this folder."""
    return Order(
        argv=(*shell(), script),
        cwd=str(folder),
        environment={"PATH": os.defpath, "HOME": str(folder)},
        cookie=uuid.uuid4().hex,
        timeout=60,
        grace=GRACE,
        isolation=isolation,
        network=True,
        user=resolve_job_user(),
        writable=(str(folder),),
    )


async def supervised(processes: Processes, folder: Path, isolation: Isolation) -> None:
    """A script that does nothing, run as the job of a pipeline is."""
    result = await processes.run(order(folder, isolation, "true"), ignore)
    assert result.failure is None, result.reason


def ignore(_stream: str, _chunk: bytes) -> None:
    """Takes output and forgets it."""


async def cancelled(processes: Processes, folder: Path, isolation: Isolation, script: str) -> float:
    """Seconds from cancelling a job to its result, when none of its processes is left."""
    ready = asyncio.Event()
    wanted = order(folder, isolation, script)
    job = await processes.start(wanted, lambda _stream, _chunk: ready.set())
    await asyncio.wait_for(ready.wait(), 30)
    started = time.perf_counter()
    job.cancel()
    result = await job.wait()
    seconds = time.perf_counter() - started
    assert result.all_gone
    assert process_tree.processes_of_job(wanted.cookie) == []
    return seconds


async def measure(processes: Processes, folder: Path, rounds: int, slots: int) -> None:
    """Print medians and ratios."""
    best = await best_level(processes, folder)
    levels = sorted({Isolation.NONE, best})
    kinds: dict[str, Job] = {"bare loop": bare}
    kinds |= {
        f"Processes, {level.name.lower()}": partial(supervised, processes, folder, level)
        for level in levels
    }
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds + 1):
        for name, job in kinds.items():
            seconds[name].append(await staged(job, slots))
    print(f"{JOBS} jobs in {STAGES} stages, {slots} at once, median of {rounds} rounds")
    floor = statistics.median(seconds["bare loop"][1:])
    for name, each in seconds.items():
        # The first round starts supervisors.
        median = statistics.median(each[1:])
        print(f"{name:24} {median / JOBS * 1000:7.2f} ms a job  {median / floor:5.2f} x floor")
    await measure_cancelling(processes, folder, levels, rounds)


async def measure_cancelling(
    processes: Processes, folder: Path, levels: Sequence[Isolation], rounds: int
) -> None:
    """Print how long it takes to be rid of a job."""
    for level in levels:
        for name, script, grace in (("polite", POLITE, 0.0), ("stubborn", STUBBORN, GRACE)):
            each = [await cancelled(processes, folder, level, script) for _ in range(rounds)]
            beyond = (statistics.median(each) - grace) * 1000
            print(f"cancel, {level.name.lower()}, {name:10} {beyond:7.1f} ms beyond {grace:g} s")


async def best_level(processes: Processes, folder: Path) -> Isolation:
    """How well this machine isolates jobs."""
    probed = folder.parent / "probed"
    probed.mkdir(mode=0o755)
    return (await probe(processes, probed, resolve_job_user())).level


async def run(options: argparse.Namespace) -> None:
    """Make the folder of the jobs and measure in it."""
    watch_by_pidfd()
    with tempfile.TemporaryDirectory(prefix="gitops-bench-") as temporary:
        folder = Path(temporary) / "job"
        folder.mkdir()
        folder.parent.chmod(0o711)
        hand_over(folder, resolve_job_user())
        async with Processes.open() as processes:
            await measure(processes, folder, options.rounds, options.slots)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="pipelines", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--slots", type=int, default=4)
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
