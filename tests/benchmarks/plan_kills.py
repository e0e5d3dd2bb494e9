"""Kills the process that carries out a plan, at every point and at random instants.

`python -m tests.benchmarks.plan_kills [COUNT]`: six repositories in four phases, executed, and
undone when the gates of the third phase are red; COUNT random instants, half of them of each. The
exit status is 1 when a plan did not end, something is not as it should be, or was made twice.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

COUNT = 200
LONGEST_SECONDS = 0.9
"""About as long as a plan takes from the start of its process, so that a kill may come anywhere."""


def main() -> int:
    """Print a line of figures for each goal, and each scenario that went wrong."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    wrong = 0
    for goal in ("execute", "undo"):
        with tempfile.TemporaryDirectory() as folder:
            verdicts = list(_verdicts(Path(folder) / goal, goal, count // 2))
        unsound = [one for one in verdicts if not one["is_sound"]]
        for one in unsound:
            print(json.dumps(one))
        print(
            f"{goal}: {len(verdicts)} plans, {sum(one['killed'] for one in verdicts)} killed before"
            f" they ended, {sum(one['again'] for one in verdicts)} effects begun once more,"
            f" {len(unsound)} not as they should be; finished after"
            f" {median(one['seconds'] for one in verdicts):.2f} s,"
            f" at most {max(one['seconds'] for one in verdicts):.2f} s",
            flush=True,
        )
        wrong += len(unsound)
    return 1 if wrong else 0


def _verdicts(folder: Path, goal: str, count: int) -> Iterator[dict[str, Any]]:
    # The same instants each time.
    chance = random.Random(count)  # noqa: S311 - no secret
    command = [sys.executable, "-m", "tests.orchestrator.running.crashing", str(folder), goal]
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
        counts = json.loads(process.stdout.readline())
        scenarios: list[list[object]] = [
            [point, number, 0] for point, most in counts.items() for number in range(1, most + 1)
        ]
        scenarios += [["", 0, chance.uniform(0.02, LONGEST_SECONDS)] for _ in range(count)]
        for scenario in scenarios:
            process.stdin.write(json.dumps(scenario) + "\n")
            process.stdin.flush()
            yield json.loads(process.stdout.readline())


if __name__ == "__main__":
    sys.exit(main())
