"""Kills processes that change real repositories by a plan, at every point and at random instants.

    python -m tests.benchmarks.plan_family_kills [--count N] [--minutes M] [GOAL...]

The goals are those of `tests.orchestrator.whole_crashes`: six repositories in four phases, merged
and undone with git alone, their pull requests opened and closed on a fake GitHub. COUNT random
instants are spread over the goals. After a third of the kills somebody pushes to a branch of a plan
that is being undone. The order is random, the same each time; a goal that takes more than its share
of the minutes is cut, and the line says so. The exit status is 1 when a plan did not end, something
is not as it should be, was made twice, or is gone though somebody else had pushed it.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from tests.orchestrator.whole_crashes import UNDONE

LONGEST_SECONDS: Final = {"merge": 0.8, "undo": 1.0, "request": 2.0, "close": 3.0}
"""About as long as each takes, so that a kill may come anywhere."""

Scenario = tuple[str, int, float, bool]


def scenarios(goal: str, counts: Mapping[str, int], count: int) -> list[Scenario]:
    """Every occurrence of each point, and so many instants."""
    # The same each time.
    chance = random.Random(goal)  # noqa: S311 - no secret
    found: list[Scenario] = [
        (point, number, 0.0, False)
        for point, most in counts.items()
        for number in range(1, most + 1)
    ]
    longest = LONGEST_SECONDS[goal]
    found += [("", 0, chance.uniform(0.02, longest), False) for _ in range(count)]
    chance.shuffle(found)
    return [(*one[:3], goal in UNDONE and number % 3 == 0) for number, one in enumerate(found)]


def verdicts(folder: Path, goal: str, count: int, seconds: float) -> Iterator[dict[str, Any]]:
    """What became of each scenario that there was time for; first how many there are."""
    command = [sys.executable, "-m", "tests.orchestrator.whole_crashes", str(folder), goal]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        wanted = scenarios(goal, json.loads(process.stdout.readline()), count)
        yield {"wanted": len(wanted)}
        deadline = time.monotonic() + seconds
        for scenario in wanted:
            if time.monotonic() > deadline:
                break
            process.stdin.write(json.dumps(scenario) + "\n")
            process.stdin.flush()
            yield json.loads(process.stdout.readline())


def tell(goal: str, wanted: int, found: Sequence[dict[str, Any]]) -> None:
    """Print each scenario that went wrong, and a line of figures."""
    unsound = [one for one in found if one["wrong"]]
    for one in unsound:
        print(json.dumps(one))
    seconds = [one["seconds"] for one in found]
    print(
        f"{goal}: {len(found)} plans of {wanted}, {sum(one['killed'] for one in found)} killed"
        f" before they ended, {sum(one['pushed'] for one in found)} pushed to meanwhile,"
        f" {sum(one['again'] for one in found)} effects begun once more, {len(unsound)} not as"
        f" they should be; finished after {median(seconds):.2f} s, at most {max(seconds):.2f} s",
        flush=True,
    )


def main(arguments: Sequence[str]) -> int:
    """Kill, and print what became of it."""
    parser = argparse.ArgumentParser(prog="plan_family_kills", description=(__doc__ or "")[:80])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("goals", nargs="*", choices=[*LONGEST_SECONDS, []], metavar="GOAL")
    options = parser.parse_args(arguments)
    goals, wrong = options.goals or [*LONGEST_SECONDS], 0
    for goal in goals:
        share = options.minutes * 60 / len(goals)
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            first, *found = verdicts(Path(folder), goal, options.count // len(goals), share)
        tell(goal, first["wanted"], found)
        wrong += sum(bool(one["wrong"]) for one in found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
