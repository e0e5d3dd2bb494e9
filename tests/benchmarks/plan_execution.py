"""Measures executing a plan over independent repositories, one at a time and four at a time.

    python -m tests.benchmarks.plan_execution [--repositories N] [--rounds N]

A plan runs a pipeline of one job in each repository: once the job waits a second, once it computes
for a while. Both ways of executing take turns on the same repositories, each with a plan of its
own, from the call of execute to the end of the plan. Planning is not part of it.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gitops_auditor.config import load_settings
from gitops_auditor.identity import SYSTEM
from gitops_auditor.orchestrator.changes import RunPipeline
from gitops_auditor.orchestrator.requests import PlanRequest
from gitops_auditor.services import Services, open_services
from tests.benchmarks.workspace import ignore
from tests.factories.git import make_repository
from tests.factories.runs import runs_carried_out

WORKERS: Final = 4
_SECONDS: Final = 3600.0
_COMPUTE: Final = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
_SCRIPTS: Final = {"waits": "sleep 1", "computes": _COMPUTE}


async def made(workspace: Path, count: int, script: str) -> list[str]:
    """Repositories that need nothing of one another, with a pipeline each; returns their ids."""
    job = f"work: {{script: '{script}'}}"
    definition = f"name: work\nstages:\n  - name: one\n    jobs:\n      - {job}\n"
    names = [f"service-{number}" for number in range(count)]
    for name in names:
        await make_repository(
            workspace / name,
            {".gitops/pipeline.yaml": definition},
            origin=f"https://example.org/acme/{name}",
        )
    return [f"acme/{name}" for name in names]


async def executed(workspace: Path, names: list[str], workers: int) -> float:
    """Seconds to execute a plan over all repositories with so many workers."""
    with tempfile.TemporaryDirectory(prefix="gitops-bench-") as folder:
        variables = {
            "PLAN_WORKERS": str(workers),
            "PIPELINE_WORKER_COUNT": str(WORKERS),
            "PLAN_APPROVAL": "never",
            "GITOPS_LOG_LEVEL": "error",
        }
        settings = load_settings(variables, data_dir=Path(folder))
        async with open_services(settings) as services:
            async with services.audit.operation("benchmark", "discover_repositories", {}):
                await services.repositories.discover(workspace, SYSTEM)
            return await _timed(services, names)


async def _timed(services: Services, names: list[str]) -> float:
    request = PlanRequest(change=RunPipeline(pipeline="work"), repositories=names)
    async with services.audit.operation("benchmark", "create_execution_plan", {}):
        for name in names:
            await services.pipelines.firing.sync(name, "benchmark")
        plan = await services.plans.planner.plan(request, "benchmark", ignore)
    async with runs_carried_out(services):
        started = time.perf_counter()
        async with services.audit.operation("benchmark", "execute_plan", {}):
            await services.plans.runs.execute(plan.id, "benchmark")
        plan = await services.plans.runs.wait(plan.id, _SECONDS)
        seconds = time.perf_counter() - started
    if plan.status != "completed":
        raise RuntimeError(f"The plan is {plan.status}: {plan.reason}")
    return seconds


async def measure(kind: str, count: int, rounds: int) -> None:
    """Print medians and their ratio."""
    alone, together = [], []
    with tempfile.TemporaryDirectory(prefix="gitops-bench-workspace-") as folder:
        names = await made(Path(folder), count, _SCRIPTS[kind])
        for _ in range(rounds):
            alone.append(await executed(Path(folder), names, 1))
            together.append(await executed(Path(folder), names, WORKERS))
    one, many = statistics.median(alone), statistics.median(together)
    print(f"{count} repositories whose job {kind}, median of {rounds} rounds")
    print(f"one at a time   {one:7.2f} s")
    print(f"{WORKERS} at a time     {many:7.2f} s  {one / many:5.2f} x faster")


async def run(options: argparse.Namespace) -> None:
    """Measure both kinds."""
    for kind in options.kind or _SCRIPTS:
        await measure(kind, options.repositories, options.rounds)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="plan_execution", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--repositories", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kind", action="append", choices=sorted(_SCRIPTS))
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
