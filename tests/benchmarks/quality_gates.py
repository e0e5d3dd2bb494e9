"""Measures quality gates against prek and pre-commit with the same eight tools on the same files.

    python -m tests.benchmarks.quality_gates [--rounds N]

The repository has 1,004 files (tests/factories/mixed_repository.py). The tools are ruff, ruff
format, shellcheck, hadolint, yamllint, zizmor, bandit and gitleaks: for us as four gates of a
phase, for the others as eight local hooks. All contestants start the same programs, each once in a
round and in another order the next round; ours with `--fresh`, so that no answer is reused, and
with what nobody else has: a sandbox, a checkout, and reports that are read and kept.

With a second commit, which changes five files, all look at what it changed; the floor there is the
slowest of the tools when each is started alone on these files, but gitleaks, which takes a folder
and no files, on all, as its hook does. Where the installed programs are out of reach for the user
of jobs, they are started with the system's interpreter.
"""

import argparse
import asyncio
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from gitops_auditor.quality.results import QualityReport
from tests.factories.git import commit, git, make_repository
from tests.factories.mixed_repository import mixed_files
from tests.factories.python_programs import offer_programs
from tests.factories.runs import run_folder

MOST_OF_OTHERS = 1.0
MOST_OF_SLOWEST = 1.3
SECONDS = 120
TOOLS = (
    "bandit",
    "gitleaks",
    "hadolint",
    "ruff",
    "ruff-format",
    "shellcheck",
    "yamllint",
    "zizmor",
)
GATES = """quality_gates:
  pre_merge:
    - {name: lint, mcp: code-linter, tools: [ruff, shellcheck, hadolint, yamllint, zizmor]}
    - {name: format, mcp: code-linter, action: format, fail_threshold: low, tools: [ruff-format]}
    - {name: static, scan: static, tools: [bandit]}
    - {name: secrets, scan: secrets, tools: [gitleaks]}
"""
HOOKS = """repos:
  - repo: local
    hooks:
"""
NOTE = "# See also the notes.\n"
_LEFT_OUT = ("GIT", "PYTHONDONTWRITEBYTECODE")
_HOOK = "      - {{id: {0}, name: {0}, language: system, entry: {1}, {2}}}\n"


class Hook(NamedTuple):
    """A tool as a local hook: its command, which files it is for, and by which of their ends."""

    name: str
    command: str
    files: str
    ends: tuple[str, ...]


LOCAL = (
    Hook("ruff", "ruff check --no-cache", "types: [python]", (".py",)),
    Hook("ruff-format", "ruff format --check --no-cache", "types: [python]", (".py",)),
    Hook("shellcheck", "shellcheck", "types: [shell]", (".sh",)),
    Hook("hadolint", "hadolint", "types: [dockerfile]", ("Dockerfile",)),
    Hook("yamllint", "yamllint -d relaxed", "types: [yaml]", (".yaml", ".yml")),
    Hook("zizmor", "zizmor --offline --quiet", "files: ^.github/workflows/", (".yml",)),
    Hook("bandit", "bandit --quiet", "types: [python]", (".py",)),
    Hook("gitleaks", "gitleaks dir --no-banner --redact", "pass_filenames: false", ()),
)


class Change(NamedTuple):
    """The files of a commit, and the commit before."""

    base: str
    files: tuple[str, ...]


class Took(NamedTuple):
    """Seconds by the clock, and of processors."""

    wall: float
    cpu: float


class Course:
    """The repository, and the environment in which all contestants start."""

    def __init__(self, folder: Path, path: Sequence[str], readable: Sequence[Path]) -> None:
        self.repository = folder / "repository"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)},
            "PATH": os.pathsep.join([*path, os.environ.get("PATH", os.defpath)]),
            "GITOPS_DATA_DIR": str(folder / "data"),
            "PIPELINE_ALLOW_UNSANDBOXED": "true",
            "PIPELINE_JOB_FOLDERS": os.pathsep.join(map(str, readable)),
            "PRE_COMMIT_HOME": str(folder / "pre-commit"),
            "PREK_HOME": str(folder / "prek"),
        }

    def run(self, *argv: str, accepted: Sequence[int] = (0,)) -> tuple[Took, str]:
        """Run a command in the repository; ends the measurement when it fails."""
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        ended = subprocess.run(
            argv,
            cwd=self.repository,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        if ended.returncode not in accepted:
            said = f"{ended.stdout[-2000:]}{ended.stderr[-2000:]}"
            sys.exit(f"{' '.join(argv)[:200]} ended with {ended.returncode}:\n{said}")
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return Took(wall, used), ended.stdout

    def ours(self, *arguments: str) -> tuple[str, ...]:
        """The command that asks our gates."""
        return (sys.executable, "-m", "gitops_auditor", "gates", "run", *arguments)


def looked(report: str, files: int) -> None:
    """End the measurement unless exactly the eight tools looked at as many files as they should."""
    told = QualityReport.model_validate_json(report)
    looked_at = {
        one.tool: one.files
        for gate in told.gates
        for one in gate.tools
        if one.status in {"passed", "failed"}
    }
    if not told.passed or sorted(looked_at) != sorted(TOOLS) or looked_at["gitleaks"] != files:
        sys.exit(f"Not all of the tools looked at what they should: {told.gates}")


def rounds(course: Course, contestants: dict[str, tuple[str, ...]], count: int) -> dict[str, Took]:
    """Medians of each, after a round that does not count; the order goes around."""
    names = list(contestants)
    took: dict[str, list[Took]] = {name: [] for name in names}
    for number in range(count + 1):
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            measured, _ = course.run(*contestants[name])
            if number:
                took[name].append(measured)
    return {name: median(all_of) for name, all_of in took.items()}


def median(took: Sequence[Took]) -> Took:
    """The medians of both."""
    return Took(
        statistics.median(one.wall for one in took), statistics.median(one.cpu for one in took)
    )


def show(name: str, took: Took, floors: dict[str, Took]) -> None:
    """One line, with the ratios to others."""
    ratios = "".join(f"  {took.wall / one.wall:5.2f} x {floor}" for floor, one in floors.items())
    print(
        f"{name:<22} {took.wall * 1000:8.0f} ms {took.cpu * 1000:8.0f} ms cpu{ratios}", flush=True
    )


def whole(course: Course, count: int) -> bool:
    """All files; whether ours is not slower than the others."""
    _, report = course.run(*course.ours("--fresh", "--format", "json"))
    looked(report, len(mixed_files()) + 2)
    took = rounds(
        course,
        {
            "ours": course.ours("--fresh"),
            "prek": ("prek", "run", "--all-files"),
            "pre-commit": ("pre-commit", "run", "--all-files"),
            "ours, answers reused": course.ours(),
        },
        count,
    )
    others = {name: took[name] for name in ("prek", "pre-commit")}
    print(f"all {len(mixed_files()) + 2} files, medians of {count} rounds")
    for name, one in took.items():
        show(name, one, others)
    return all(took["ours"].wall <= MOST_OF_OTHERS * one.wall for one in others.values())


def changed(course: Course, made: Change, count: int, title: str) -> bool:
    """Files that a commit changed; whether ours stays near the slowest tool alone."""
    alone = {
        hook.name: (
            *hook.command.split(),
            *([name for name in made.files if name.endswith(hook.ends)]),
        )
        for hook in LOCAL
        if not hook.ends or any(name.endswith(hook.ends) for name in made.files)
    }
    since = ("--from-ref", made.base, "--to-ref", "HEAD")
    took = rounds(
        course,
        {
            "ours": course.ours("--fresh", "--changed", "--base", made.base),
            "prek": ("prek", "run", *since),
            "pre-commit": ("pre-commit", "run", *since),
            **alone,
        },
        count,
    )
    slowest = max(alone, key=lambda name: took[name].wall)
    floors = {"prek": took["prek"], "pre-commit": took["pre-commit"], slowest: took[slowest]}
    print(f"{title}, medians of {count} rounds; each tool alone below")
    for name, one in took.items():
        show(name, one, floors)
    return took["ours"].wall <= MOST_OF_SLOWEST * took[slowest].wall


async def prepare(repository: Path) -> str:
    """One commit with all files, the gates and the hooks; returns its id."""
    hooks = "".join(_HOOK.format(hook.name, hook.command, hook.files) for hook in LOCAL)
    own = {".gitops/quality-gates.yaml": GATES, ".pre-commit-config.yaml": HOOKS + hooks}
    return await make_repository(repository, {**mixed_files(), **own})


async def change(repository: Path, ends: Sequence[str]) -> Change:
    """A commit that adds a line of comment to a file with each of these ends."""
    base = await git(repository, "rev-parse", "HEAD")
    names: list[str] = []
    for end in ends:
        names.append(
            next(name for name in mixed_files() if name.endswith(end) and name not in names)
        )
    texts = {name: (repository / name).read_text("utf-8") for name in names}
    changes = {
        name: f"{text}{NOTE}" if text.startswith("#!") else f"{NOTE}{text}"
        for name, text in texts.items()
    }
    await commit(repository, changes)
    return Change(base, tuple(names))


async def measure(course: Course, count: int) -> bool:
    """Everything; whether all is as fast as it has to be."""
    await prepare(course.repository)
    good = await asyncio.to_thread(whole, course, count)
    made = await change(course.repository, [".py"] * 5)
    good &= await asyncio.to_thread(changed, course, made, count, "5 changed Python files")
    made = await change(course.repository, [".py", ".py", ".sh", "Dockerfile", ".yml"])
    await asyncio.to_thread(changed, course, made, count, "5 changed files for all eight tools")
    return good


def main() -> int:
    """Print the figures; the exit status is 1 when ours takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    count = parser.parse_args().rounds
    with run_folder() as folder, pytest.MonkeyPatch.context() as patch:
        programs = Path(sys.executable).parent
        readable = offer_programs(folder / "programs", patch)
        # Programs that the user of jobs can start come before those that only we can.
        path = [str(folder / "programs"), str(programs)] if readable else [str(programs)]
        return 0 if asyncio.run(measure(Course(folder, path, readable), count)) else 1


if __name__ == "__main__":
    sys.exit(main())
