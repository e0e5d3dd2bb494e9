"""Measures planning a bump in many repositories against the scan that precedes it.

    python -m tests.benchmarks.plans [--repositories N] [--rounds N]

Each repository asks for one package by a manifest without a lock file, and a few need one another.
A round begins with an empty database and no rendered commits. The scan is measured by itself; the
plan after it finds all repositories unchanged, renders and diffs each, and is kept. Gates are asked
where a repository states any; these state none.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.orchestrator.assembly import Surroundings, open_plans
from gitops_auditor.orchestrator.changes import BumpDependency
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.repositories.git import Git
from gitops_auditor.services import Services
from tests.benchmarks.workspace import ignore, opened_workspace, scan
from tests.factories.git import make_repository

_LAYERS = 4


async def made(workspace: Path, count: int) -> None:
    """Tiny packages that all ask for one, in layers of which each needs the one before."""
    for number in range(count):
        needs = f', "@acme/service-{number - count // _LAYERS}": "^1.0.0"'
        more = needs if number >= count // _LAYERS else ""
        await make_repository(
            workspace / f"service-{number}",
            {
                "package.json": f'{{"name": "@acme/service-{number}", "version": "1.0.0",'
                f' "dependencies": {{"left-pad": "^1.2.0"{more}}}}}\n',
                "src/index.js": f"module.exports = {number};\n",
            },
            origin=f"https://example.org/acme/service-{number}",
        )


async def planned(services: Services) -> tuple[float, int]:
    """Seconds to plan the bump, and in how many phases."""
    around = Surroundings(
        services.settings,
        services.database,
        services.events,
        services.audit,
        services.process,
        Git(),
        services.repositories,
        services.dependencies,
        services.pipelines,
        services.quality,
    )
    request = PlanRequest(change=BumpDependency(name="left-pad", version="2.0.0"))
    async with open_plans(around) as plans:
        started = time.perf_counter()
        async with services.audit.operation("benchmark", "create_execution_plan", {}):
            plan = await plans.planner.plan(request, "benchmark", ignore)
        seconds = time.perf_counter() - started
    wrong = [one.reason for one in plan.renderings if one.status != "rendered"]
    if wrong:
        raise RuntimeError(f"{len(wrong)} repositories were not rendered: {wrong[0]}")
    return seconds, len(plan.phases)


async def measure(workspace: Path, rounds: int) -> None:
    """Print medians and their ratio."""
    scans, plans, phases = [], [], 0
    for _ in range(rounds):
        async with opened_workspace(workspace) as services:
            started = time.perf_counter()
            report = await scan(services)
            scans.append(time.perf_counter() - started)
            seconds, phases = await planned(services)
            plans.append(seconds)
    first, second = statistics.median(scans), statistics.median(plans)
    print(f"{report.repositories} repositories in {phases} phases, median of {rounds} rounds")
    print(f"scan  {first * 1000:8.1f} ms")
    print(f"plan  {second * 1000:8.1f} ms  {second / first:5.2f} x scan")


async def run(options: argparse.Namespace) -> None:
    """Make the workspace and measure on it."""
    with tempfile.TemporaryDirectory(prefix="gitops-bench-workspace-") as folder:
        await made(Path(folder), options.repositories)
        await measure(Path(folder), options.rounds)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="plans", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--repositories", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
