"""Measures gitlab-ci-local on the same work: a hundred scripts at once, less what one takes.

    python -m tests.benchmarks.gitlab_ci_local COMMAND [--rounds N]

COMMAND starts gitlab-ci-local (npm install gitlab-ci-local; it needs Node 22 or later, git and
rsync). The hundred jobs are one stage, since it takes minutes over five stages of twenty. What it
needs to start is taken off by measuring one job, too, and so is that of the bare loop, the floor.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.pipelines import JOBS, bare, staged, watch_by_pidfd
from tests.factories.git import make_repository

SECONDS = 300


def definition(jobs: int) -> str:
    """A file of so many jobs without any needs."""
    return "".join(f"job-{number}:\n  script: 'true'\n" for number in range(jobs))


def seconds(command: str, folder: Path) -> float:
    """What a whole run in this repository takes."""
    started = time.perf_counter()
    subprocess.run([command], cwd=folder, check=True, timeout=SECONDS, capture_output=True)
    return time.perf_counter() - started


async def measure(command: str, folder: Path, rounds: int, slots: int) -> None:
    """Print medians and the ratio."""
    files = {"many": definition(JOBS), "one": definition(1)}
    for name, text in files.items():
        origin = f"https://example.org/acme/{name}.git"
        await make_repository(folder / name, {".gitlab-ci.yml": text}, origin=origin)
    floors, manys, ones = [], [], []
    for _ in range(rounds):
        floors.append(await staged(bare, slots))
        manys.append(await asyncio.to_thread(seconds, command, folder / "many"))
        ones.append(await asyncio.to_thread(seconds, command, folder / "one"))
    floor, many, one = map(statistics.median, (floors, manys, ones))
    rest = many - one
    print(f"bare loop     {floor * 1000:8.1f} ms")
    print(f"{JOBS} jobs      {many * 1000:8.1f} ms")
    print(f"one job       {one * 1000:8.1f} ms")
    print(f"the others    {rest * 1000:8.1f} ms  {rest / floor:5.2f} x floor")


async def run(options: argparse.Namespace) -> None:
    """Make the repositories and measure in them."""
    watch_by_pidfd()
    with tempfile.TemporaryDirectory(prefix="gitops-bench-") as folder:
        await measure(options.command, Path(folder), options.rounds, options.slots)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="gitlab_ci_local", description=description)
    parser.add_argument("command")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slots", type=int, default=4)
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
