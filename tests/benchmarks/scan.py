"""Measures a full scan and an unchanged rescan against the floor, in one process and run.

    python -m tests.benchmarks.scan [--corpus DIR] [--repositories N] [--rounds N]

The floor lists the files of every repository with `git ls-files`, keeps those that are manifests by
their name and reads them; source code, which the scan looks through too, is not counted there. A
full scan starts with an empty database and ends with the graph drawn; a rescan finds all
repositories as they were. Without a corpus the workspace is made; a smaller one is filled up with
copies of its own repositories.
"""

import argparse
import asyncio
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from gitops_auditor.dependencies.graph_models import GraphQuery
from gitops_auditor.dependencies.manifests.readers import READERS
from gitops_auditor.dependencies.reading import ManifestIndex
from tests.benchmarks.workspace import opened_workspace, scan
from tests.factories.git import make_repository

_OF_SOURCE_CODE = frozenset({"code strings", "constants", "unnamed script"})
"""Readers of files that are no manifests; what they cost counts for the scan, not for the floor."""

_FILES = 40
_NEEDS = 12


def floor(repositories: Sequence[Path], index: ManifestIndex) -> float:
    """Seconds to list, filter and read the manifests of all repositories."""
    started = time.perf_counter()
    for folder in repositories:
        listed = subprocess.run(
            ["git", "-C", str(folder), "ls-files", "-z"],
            capture_output=True,
            check=True,
            timeout=60,
        )
        for name in listed.stdout.decode("utf-8", "surrogateescape").split("\0"):
            if name and index.readers(name):
                path = folder / name
                if path.is_file():
                    path.read_bytes()
    return time.perf_counter() - started


async def scans(workspace: Path) -> tuple[float, float, int]:
    """Seconds of a full scan with its graph and of a rescan, and the number of edges."""
    async with opened_workspace(workspace) as services:
        started = time.perf_counter()
        await scan(services)
        await services.dependency_queries.graph(GraphQuery())
        full = time.perf_counter() - started
        started = time.perf_counter()
        report = await scan(services)
        return full, time.perf_counter() - started, report.dependencies


async def made(workspace: Path, count: int) -> None:
    """Repositories that need each other by package, image, module and workflow."""
    for number in range(count):
        await make_repository(
            workspace / f"service-{number}",
            _manifests(number, count),
            origin=f"https://github.com/acme/service-{number}",
        )


def _manifests(number: int, count: int) -> dict[str, str]:
    others = [(number + step * step) % count for step in range(1, _NEEDS)]
    npm = ", ".join(f'"@acme/service-{other}": "^1.{other}.0"' for other in others)
    python = ", ".join(f'"acme-service-{other}>=1.{other}"' for other in others)
    steps = "\n".join(
        f"      - uses: acme/service-{other}/action@v1\n      - run: make target-{other}"
        for other in others
    )
    source = {f"src/module_{part}.py": f"VALUE = {part}\n" for part in range(_FILES)}
    return source | {
        "package.json": f'{{"name": "@acme/service-{number}", "dependencies": {{{npm}}}}}\n',
        "pyproject.toml": f'[project]\nname = "acme-service-{number}"\nversion = "1.{number}"\n'
        f"dependencies = [{python}]\n",
        "Dockerfile": f"FROM ghcr.io/acme/service-{others[0]}:1.0 AS build\nRUN make\n"
        f"FROM python:3.13\nCOPY --from=build /app /app\n",
        "compose.yaml": f"services:\n  app:\n    image: ghcr.io/acme/service-{others[1]}:2.1\n",
        ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
        f"    steps:\n{steps}\n",
        "go.mod": f"module github.com/acme/service-{number}\n\ngo 1.23\n\nrequire (\n"
        + "".join(f"\tgithub.com/acme/service-{other} v1.{other}.0\n" for other in others)
        + ")\n",
    }


def filled(workspace: Path, corpus: Path, count: int) -> None:
    """Copies of the corpus's repositories, each as often as it takes to have `count` of them."""
    found = sorted(path.parent for path in corpus.glob("**/.git"))
    for number in range(max(count, len(found))):
        source, copy = found[number % len(found)], number // len(found)
        target = workspace / (source.name if copy == 0 else f"{source.name}-{copy}")
        shutil.copytree(source, target, symlinks=True)
        if copy:
            config = target / ".git/config"
            text = config.read_text(encoding="utf-8")
            config.write_text(text.replace("github.com/", f"github.com/copy-{copy}-"), "utf-8")


async def measure(workspace: Path, rounds: int) -> None:
    """Print medians, ratios and the peak of memory."""
    found = await asyncio.to_thread(repositories, workspace)
    index = ManifestIndex([item for item in READERS if item.name not in _OF_SOURCE_CODE])
    floors, fulls, rescans, edges, peak = [], [], [], 0, 0.0
    for _ in range(rounds):
        floors.append(floor(found, index))
        full, rescan, edges = await scans(workspace)
        fulls.append(full)
        rescans.append(rescan)
        # Of the first round: what later rounds add is what earlier ones left behind.
        peak = peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    base, full, rescan = map(statistics.median, (floors, fulls, rescans))
    print(f"{len(found)} repositories, {edges} edges, median of {rounds} rounds")
    print(f"floor           {base * 1000:8.1f} ms")
    print(f"full scan       {full * 1000:8.1f} ms  {full / base:5.2f} x floor")
    print(f"unchanged scan  {rescan * 1000:8.1f} ms  {rescan / base:5.2f} x floor")
    print(f"peak memory     {peak:8.1f} MB")


def repositories(workspace: Path) -> list[Path]:
    """The folders that are repositories."""
    return sorted(path.parent for path in workspace.glob("*/.git"))


async def run(options: argparse.Namespace) -> None:
    """Make the workspace and measure on it."""
    with tempfile.TemporaryDirectory(prefix="gitops-bench-workspace-") as folder:
        workspace = Path(folder)
        if options.corpus is None:
            await made(workspace, options.repositories)
        else:
            await asyncio.to_thread(filled, workspace, options.corpus, options.repositories)
        await measure(workspace, options.rounds)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="scan", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--repositories", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(run(parser.parse_args(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
