"""Compares what the manifest readers say with what people read, line by line.

    python -m tests.benchmarks.statements --corpus DIR [--fetch] [TYPE ...]

The lists are `truth/<type>.csv` (see truth/README.md). The corpus holds a clone of each repository
as `<family>/<name>`; `--fetch` gets those that are missing, at their commit. Exit code 1 when a
recall or precision is below 0.95, or when a repository of the lists is not there to be measured.
"""

import argparse
import csv
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gitops_auditor.dependencies.catalogs import Catalogs
from gitops_auditor.dependencies.matching import DECLARED_CONFIDENCE
from gitops_auditor.dependencies.reading import ManifestIndex, read_manifest
from gitops_auditor.dependencies.snapshots import FileFacts

HERE = Path(__file__).parent / "truth"
SOURCE = "https://github.com"
WANTED = 0.95
TYPES = ("go", "rust", "jvm", "api", "data", "git")
UNSURE_TOO = frozenset({"api", "data"})
"""Types whose lists also hold what the readers state with low confidence."""


class Statement(NamedTuple):
    """One dependency that one line states."""

    file: str
    name: str
    line: int


class Repository(NamedTuple):
    """One repository at the commit at which it was read."""

    family: str
    name: str
    commit: str

    def folder(self, corpus: Path) -> Path:
        """Where the corpus has it."""
        return corpus / self.family / self.name.rpartition("/")[2]


class Figures(NamedTuple):
    """How often the readers agree with a list."""

    found: int
    missed: int
    wrong: int

    def recall(self) -> float:
        """The share of the list that was found."""
        return self.found / (self.found + self.missed or 1)

    def precision(self) -> float:
        """The share of what was found that is on the list."""
        return self.found / (self.found + self.wrong or 1)


def read_list(kind: str) -> Mapping[Repository, Counter[Statement]]:
    """The statements of one type, by repository."""
    found: dict[Repository, Counter[Statement]] = defaultdict(Counter)
    with (HERE / f"{kind}.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            repository = Repository(row["family"], row["repo"], row["commit"])
            found[repository][Statement(row["file"], row["name"], int(row["line"]))] += 1
    return found


def stated(folder: Path, kind: str) -> Counter[Statement]:
    """What the readers say of a type in a checkout, values of catalogs filled in."""
    files = list(_facts(folder))
    catalogs = Catalogs(files)
    enough = 0.0 if kind in UNSURE_TOO else DECLARED_CONFIDENCE
    return Counter(
        Statement(file.path, item.name, item.line)
        for file in files
        for declaration in file.facts.declarations
        for item in catalogs.resolve(file.path, declaration)
        if item.type == kind and item.confidence >= enough
    )


def _facts(folder: Path) -> Iterator[FileFacts]:
    index = ManifestIndex()
    for path in _git(folder, "ls-files", "-z").split("\0"):
        readers, place = index.readers(path), folder / path
        if readers and place.is_file() and not place.is_symlink():
            yield FileFacts(path, "", read_manifest(readers, path, place.read_bytes()))


def compare(kind: str, corpus: Path) -> Figures:
    """Print every difference of a type and give the figures."""
    found = missed = wrong = 0
    for repository, listed in read_list(kind).items():
        measured = stated(repository.folder(corpus), kind)
        for title, rows in (("missed", listed - measured), ("not listed", measured - listed)):
            for row in sorted(rows):
                print(f"  {title}: {repository.name} {row.file}:{row.line} {row.name}")
        found += (listed & measured).total()
        missed += (listed - measured).total()
        wrong += (measured - listed).total()
    return Figures(found, missed, wrong)


def absent(kinds: Sequence[str], corpus: Path) -> list[Repository]:
    """The repositories of the lists that the corpus does not have at their commit."""
    wanted = {repository for kind in kinds for repository in read_list(kind)}
    return sorted(item for item in wanted if _commit(item.folder(corpus)) != item.commit)


def fetch(repository: Repository, corpus: Path) -> None:
    """Get the one commit of a repository into a new folder of the corpus."""
    folder = repository.folder(corpus)
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet")
    address = f"{SOURCE}/{repository.name}"
    _git(folder, "fetch", "--quiet", "--depth=1", address, repository.commit)
    _git(folder, "checkout", "--quiet", "--detach", repository.commit)


def _commit(folder: Path) -> str:
    return _git(folder, "rev-parse", "HEAD").strip() if (folder / ".git").exists() else ""


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=600)
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="statements", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--fetch", action="store_true")
    parser.add_argument("types", nargs="*", default=TYPES, metavar="TYPE")
    options = parser.parse_args(arguments)
    for repository in absent(options.types, options.corpus) if options.fetch else ():
        fetch(repository, options.corpus)
    if missing := absent(options.types, options.corpus):
        names = ", ".join(f"{item.name}@{item.commit[:12]}" for item in missing)
        print(f"Not in {options.corpus}: {names}; --fetch gets them.", file=sys.stderr)
        return 1
    worst = 1.0
    for kind in options.types:
        result = compare(kind, options.corpus)
        worst = min(worst, result.recall(), result.precision())
        print(f"{kind}: recall {result.recall():.3f}, precision {result.precision():.3f}")
    return 0 if worst >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
