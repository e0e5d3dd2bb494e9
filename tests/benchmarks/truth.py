"""Compares what a scan finds with edges that people verified line by line.

    python -m tests.benchmarks.truth --corpus DIR [--fetch] [--truth FILE] [--index FILE]

A truth file has the columns consumer, provider, type, name, constraint, file, line, tier, scope
and note; the index names the repositories and the commits at which they were read (family, repo,
commit, date). Tier A is declared in manifests, tier B is scripted. The corpus holds a clone of each
repository under the last part of its name; `--fetch` gets those that are missing, at their commit.
"""

import argparse
import asyncio
import csv
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from gitops_auditor.dependencies.matching import DECLARED_CONFIDENCE
from gitops_auditor.dependencies.models import Dependency
from tests.benchmarks.workspace import opened_workspace, scan

HERE = Path(__file__).parent / "truth"


class Edge(NamedTuple):
    """What two statements of an edge must agree on; a parser may anchor it at another line."""

    consumer: str
    provider: str
    file: str
    name: str


class Truth(NamedTuple):
    """The edges of a truth file by tier, with multiplicity."""

    declared: Counter[Edge]
    scripted: Counter[Edge]


class Agreement(NamedTuple):
    """How two lists of edges agree."""

    found: Counter[Edge]
    missed: Counter[Edge]
    wrong: Counter[Edge]

    @property
    def recall(self) -> float:
        """The share of the true edges that were found."""
        return _share(self.found, self.missed)

    @property
    def precision(self) -> float:
        """The share of the edges found that are true."""
        return _share(self.found, self.wrong)


def read_truth(file: Path) -> Truth:
    """The edges of a truth file."""
    tiers: dict[str, Counter[Edge]] = {"A": Counter(), "B": Counter()}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            tiers[row["tier"]][
                Edge(row["consumer"], row["provider"], row["file"], row["name"])
            ] += 1
    return Truth(tiers["A"], tiers["B"])


def agreement(truth: Truth, dependencies: Iterable[Dependency]) -> tuple[Agreement, Agreement]:
    """Tier A and tier B: a scripted edge counts as found at any confidence, as a declared one only
    when the scan is sure of it; what the scan is sure of and neither tier has is wrong."""
    sure: Counter[Edge] = Counter()
    unsure: Counter[Edge] = Counter()
    for item in dependencies:
        if item.target_repo is not None and item.target_repo != item.source_repo:
            kind = sure if item.confidence >= DECLARED_CONFIDENCE else unsure
            kind[_edge(item, item.target_repo)] += 1
    declared = Agreement(
        truth.declared & sure,
        truth.declared - sure,
        sure - truth.declared - truth.scripted,
    )
    every = sure + unsure
    scripted = Agreement(
        truth.scripted & every,
        truth.scripted - every,
        unsure - truth.scripted - truth.declared,
    )
    return declared, scripted


def _edge(item: Dependency, target: str) -> Edge:
    return Edge(_short(item.source_repo), _short(target), item.file, item.name)


def _short(repository: str) -> str:
    return repository.rpartition("/")[2]


def _share(part: Counter[Edge], rest: Counter[Edge]) -> float:
    whole = part.total() + rest.total()
    return part.total() / whole if whole else 1.0


def fetch_missing(index: Path, family: str, corpus: Path, source: str) -> None:
    """Get each repository of the family that the corpus lacks, with the one commit of the index."""
    with index.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["family"] == family]
    for row in rows:
        folder = corpus / _short(row["repo"])
        if folder.exists():
            continue
        folder.mkdir(parents=True)
        url = f"{source}/{row['repo']}"
        _git(folder, "init", "--quiet")
        _git(folder, "remote", "add", "origin", f"https://github.com/{row['repo']}")
        _git(folder, "fetch", "--quiet", "--depth=1", url, row["commit"])
        _git(folder, "checkout", "--quiet", "--detach", row["commit"])


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, timeout=600)


async def dependencies_of(corpus: Path) -> Sequence[Dependency]:
    """Every edge that a fresh scan of the corpus finds."""
    async with opened_workspace(corpus) as services:
        await scan(services)
        return await services.dependencies.edges()


def report(tier: str, result: Agreement) -> None:
    """Print the figures and every difference."""
    true = result.found.total() + result.missed.total()
    print(
        f"tier {tier}: {result.found.total()} of {true} found, recall {result.recall:.3f}, "
        f"precision {result.precision:.3f}"
    )
    for title, edges in (("missed", result.missed), ("not in the truth", result.wrong)):
        for edge, count in sorted(edges.items()):
            print(f"  {title}: {' '.join(edge)}" + (f" (x{count})" if count > 1 else ""))


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 when there is no corpus to measure on."""
    parser = argparse.ArgumentParser(prog="truth", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--truth", type=Path, default=HERE / "unjs.csv")
    parser.add_argument("--index", type=Path, default=HERE / "INDEX.csv")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--fetch", action="store_true")
    parser.add_argument("--source", default="https://github.com")
    options = parser.parse_args(arguments)
    if options.fetch:
        fetch_missing(options.index, options.truth.stem, options.corpus, options.source)
    if not options.corpus.is_dir():
        print(f"There is no folder {options.corpus}; --fetch makes it.", file=sys.stderr)
        return 1
    found = asyncio.run(dependencies_of(options.corpus))
    for tier, result in zip("AB", agreement(read_truth(options.truth), found), strict=True):
        report(tier, result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
